"""What mkdocs.yml needs beside mkdocs: pages from outside docs/, and roles of docstrings.

Links in docs/ and in the texts at the top of the checkout lead to files as they lie in the
checkout, so that they work where the repository is read. The site holds those files too, and the
links are turned here.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
#: Texts at the top of the checkout -> their pages.
TEXTS = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "overview.md",
}
#: Beside these, everything below this folder.
RESULTS = Path("benchmarks") / "results"

_LINK = re.compile(r"(\]\()([^)\s#]+)")
_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):<code>~?(?:[\w.]+\.)?(\w+)</code>")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the texts at the top and all results to the site."""
    paths = {page: ROOT / text for text, page in TEXTS.items()}
    for path in sorted((ROOT / RESULTS).rglob("*")):
        if path.is_file():
            paths[path.relative_to(ROOT).as_posix()] = path
    for name, path in paths.items():
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to files of the checkout into links to their place in the site."""
    is_at_the_top = page.file.src_uri in TEXTS.values()

    def turned(match: re.Match[str]) -> str:
        target = match[2]
        if is_at_the_top:
            target = TEXTS.get(target, target.removeprefix("docs/"))
        elif target.startswith("../"):
            target = TEXTS.get(target[3:], target[3:])
        return match[1] + target

    is_in_docs = "/" not in page.file.src_uri
    return _LINK.sub(turned, markdown) if is_in_docs else markdown


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Show ``:class:`~package.Name``` of a docstring as the name alone."""
    return _ROLE.sub(r"<code>\1</code>", html)
