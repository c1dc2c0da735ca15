"""One HTML file that shows runs and needs nothing else: no network, no server.

The page holds its data as JSON, its scripts and ``plotly.js``, compressed. Texts of users are
escaped by the template; a content security policy names the scripts by their SHA-256, forbids every
other, and forbids the page to fetch anything.
"""

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import evonasc
from evonasc.analysis.column_words import COLUMN_WORDS
from evonasc.errors import MissingDependencyError

_TEMPLATE, _STYLE = "report.html.j2", "report.css"
_SCRIPTS = ("front.js", "report.js", "unpack.js")


def report_page(
    data: Mapping[str, Any], *, commands: Sequence[str], page_command: str, title: str
) -> str:
    """Return the page; the same arguments give the same text.

    Args:
        data: Of :func:`evonasc.analysis.page_data.page_data`.
        commands: How to make each run again, one a run.
        page_command: How to make the page again.
        title: Of the page.

    Raises:
        MissingDependencyError: plotly or jinja2 is not installed.
    """
    try:
        import jinja2
        import plotly.offline  # noqa: F401  # opened below
    except ImportError as error:
        raise MissingDependencyError(
            "The report page needs plotly and jinja2. Install them with: "
            "pip install 'evonasc[report]'"
        ) from error

    loader = jinja2.PackageLoader("evonasc.analysis", "templates")
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # JSON.parse knows no NaN: better no page than one that shows nothing.
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    sources = [loader.get_source(environment, name)[0] for name in (*_SCRIPTS, _STYLE)]
    # Ours, and the library's: no text of a user is in them.
    scripts = [text.replace("</script", r"<\/script") for text in sources[:-1]]
    library, digest = _packed_library()
    page: str = environment.get_template(_TEMPLATE).render(
        commands=commands,
        data={**data, "words": COLUMN_WORDS},
        hashes=[digest, *map(_digest, scripts)],
        library=library,
        page_command=page_command,
        scripts=scripts,
        style=sources[-1],
        title=title,
        version=evonasc.__version__,
    )
    return page


@cache
def _packed_library() -> tuple[str, str]:
    """Return ``plotly.js`` as the page keeps it, compressed to less than half, and its digest."""
    from plotly.offline import get_plotlyjs

    library = get_plotlyjs()
    packed = gzip.compress(library.encode(), compresslevel=9, mtime=0)
    return base64.b64encode(packed).decode(), _digest(library)


def _digest(script: str) -> str:
    """Return a script's SHA-256 as a content security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
