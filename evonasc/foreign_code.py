"""Code of others: whether a file may name it, and what it is by its content."""

import ast
import hashlib
import importlib.util
import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from pathlib import Path

from evonasc.errors import PluginError
from evonasc.plugins import OWN, all_points, reach_current_folder

#: Environment variable: 1 lets files name code to import.
TRUST = "EVONASC_TRUST_CODE"


def refuse_code(names: Iterable[object], *, where: Path) -> None:
    """Refuse a file that names code in hand: reading it would run that.

    In hand is ``package.module:object``, and what a name stands for that some folder of the module
    path announces, such as the one one is in, and nobody installed. What is typed on the command
    line is the user's own; a file may be anybody's.

    Raises:
        PluginError: It does, and the environment variable ``EVONASC_TRUST_CODE`` is not 1.
    """
    if os.environ.get(TRUST) == "1":
        return
    texts = [name for name in names if isinstance(name, str)]
    loose = {point.name for point in all_points() if not _is_installed(point)} if texts else set()
    for name in texts:
        if ":" in name or name in loose:
            raise PluginError(
                f"{where} asks to import {name!r}, which would run its code. If you trust both, "
                f"set {TRUST}=1."
            )


def _is_installed(point: EntryPoint) -> bool:
    """Tell whether a name is that of a package installed for this Python."""
    return point.dist is not None and is_in_environment(
        Path(str(point.dist.locate_file(""))).resolve()
    )


def code_digest(target: str) -> str:
    """Return the SHA-256 of the code that ``package.module:object`` stands for.

    Of a package, all its Python files; of a module alone, its file and what it imports, directly or
    not, from its own folder. Empty where there is no such module, which loading it tells better.
    """
    top = target.partition(":")[0].partition(".")[0]
    reach_current_folder(top)
    known = sys.modules.get(top)
    spec = getattr(known, "__spec__", None) or importlib.util.find_spec(top)
    if spec is None:
        return ""
    if spec.submodule_search_locations is not None:
        folders = [Path(place) for place in spec.submodule_search_locations]
        files = [(file, folder.parent) for folder in folders for file in _below(folder)]
    elif spec.origin is not None and Path(spec.origin).is_file():
        module = Path(spec.origin)
        files = [(file, module.parent) for file in _with_siblings(module)]
    else:
        return ""
    digest = hashlib.sha256()
    for file, folder in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def is_in_environment(place: Path) -> bool:
    """Tell whether something lies where packages of this Python are installed."""
    paths = sysconfig.get_paths()
    named = {paths[name] for name in ("purelib", "platlib", "stdlib", "platstdlib")}
    installed = (*named, *site.getsitepackages(), site.getusersitepackages())
    return any(place.is_relative_to(Path(folder).resolve()) for folder in installed)


def _below(folder: Path) -> list[Path]:
    """Return the Python files of a package, in one order everywhere."""
    return sorted(folder.rglob("*.py"))


def _with_siblings(module: Path) -> list[Path]:
    """Return a module's file and those it imports from its own folder, found without running any.

    Where packages are installed, what lies beside it is of others.
    """
    if is_in_environment(module.resolve()):
        return [module]
    found, left = {module}, [module]
    while left:
        for name in _imported(left.pop()):
            package, file = module.parent / name, module.parent / f"{name}.py"
            fresh = _below(package) if (package / "__init__.py").is_file() else []
            fresh += [file] if file.is_file() else []
            left += [one for one in fresh if one not in found]
            found |= set(fresh)
    return sorted(found)


def _imported(file: Path) -> set[str]:
    """Return the top-level names that a file imports anywhere in it, evonasc's left out."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # loading it tells better
        return set()
    names = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.partition(".")[0])
    return names - {OWN}
