"""Who may import whom, and which third party comes in by which door."""

import ast
import importlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from evonasc.benchmark import Benchmark
from evonasc.plugins import OWN, Registry
from evonasc.runs.benchmarks import SPACES

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path for top in ("evonasc", "problems", "operators") for path in (ROOT / top).rglob("*.py")
)

# Part of evonasc -> the parts it may import besides itself. Each line ends one floor up.
GROUND = {
    "arrays",
    "assets",
    "bounds",
    "csv_file",
    "errors",
    "field_types",
    "files",
    "foreign_code",
}
GROUND |= {"cluster", "front", "inputs", "limits", "names", "parsing", "plugins", "workers"}
MAY_IMPORT = {
    "": set(),
    "arrays": set(),
    "errors": set(),
    "files": {"errors"},
    "limits": {"errors"},
    "names": set(),
    "parsing": set(),
    "field_types": {"errors", "names", "parsing"},
    "inputs": {"errors", "parsing"},
    "cluster": {"errors"},
    "workers": {"errors"},
    "csv_file": {"errors", "inputs", "names"},
    "plugins": {"errors"},
    "foreign_code": {"errors", "plugins"},
    "bounds": {"arrays", "errors", "field_types", "parsing"},
    "front": {"arrays", "errors"},
    "assets": {"errors", "files"},
    "space": GROUND,
    "cost": GROUND | {"space"},
    "benchmark": GROUND | {"space", "cost"},
    "data": GROUND,
    "supernet": GROUND | {"space", "cost", "benchmark", "data"},
    "operators": GROUND | {"space"},
    "problems": GROUND | {"space", "cost", "benchmark"},
    "search": GROUND | {"space", "supernet", "operators", "problems"},
    "runs": GROUND | {"space", "cost", "benchmark", "supernet", "operators", "problems", "search"},
    "analysis": GROUND | {"space", "cost", "supernet", "problems", "search", "runs"},
    "contracts": GROUND | {"space", "cost", "benchmark", "problems", "search", "runs"},
    "cli": GROUND
    | {"space", "cost", "benchmark", "data", "supernet", "problems", "search", "runs"}
    | {"analysis", "contracts"},
    "__main__": {"cli"},
}
# Benchmarks are guests: nobody imports them, one table loads them by name.
GUEST_TABLE = "evonasc.runs.benchmarks"
GUESTS = {
    entry.target.partition(":")[0].split(".")[1]
    for entry in SPACES.entries()
    if entry.source == OWN
}
MAY_IMPORT |= {name: GROUND | {"space", "cost", "benchmark", "data", "supernet"} for name in GUESTS}
GUEST_ROOMS = tuple(f"evonasc.{name}" for name in sorted(GUESTS))

# Third party -> the modules that may import it; a name covers what lies below it.
FIGURES = (
    "evonasc.analysis.comparison_figures",
    "evonasc.analysis.concept_figure",
    "evonasc.analysis.curves",
    "evonasc.analysis.figure_fonts",
    "evonasc.analysis.figure_layout",
    "evonasc.analysis.front_figure",
    "evonasc.analysis.headline_figure",
    "evonasc.analysis.network_figure",
    "evonasc.analysis.payload_figure",
    "evonasc.analysis.phase_figure",
    "evonasc.analysis.plotting",
    "evonasc.analysis.training_figure",
)
DOORS = {
    "PIL": ("evonasc.data.image_files",),
    "distributed": ("evonasc.cluster",),
    "deap": ("evonasc.search.deap_nsga2",),
    "jinja2": ("evonasc.analysis.report_page",),
    "hypothesis": ("evonasc.contracts", "evonasc.cli.check_plugin"),
    "joblib": ("evonasc.workers",),
    "matplotlib": FIGURES,
    "moocore": ("evonasc.front", "evonasc.search.ranking"),
    "plotly": ("evonasc.analysis.report_page",),
    "pymoo": (
        "evonasc.contracts",
        "evonasc.operators",
        "evonasc.problems",
        "evonasc.runs",
        "evonasc.search",
    ),
    "pandas": ("evonasc.analysis.comparison_figures", "evonasc.runs.frames"),
    "rich": (
        "evonasc.analysis.comparison_report",
        "evonasc.analysis.failures",
        "evonasc.analysis.report",
        "evonasc.analysis.screen",
        "evonasc.cli",
    ),
    "safetensors": ("evonasc.supernet",),
    "scipy": (
        "evonasc.analysis",
        "evonasc.cost",
        "evonasc.search.kriging",
        "evonasc.supernet",
        *GUEST_ROOMS,
    ),
    "seaborn": FIGURES,
    "sklearn": ("evonasc.data.digits",),
    "torch": ("evonasc.supernet", *GUEST_ROOMS),
}


def module_name(path):
    """Return the name Python imports the file by: problems/toy.py is evonasc.problems.toy."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts if parts[0] == "evonasc" else ("evonasc", *parts)
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path) for path in FILES}


@cache
def imported(path):
    """Return every module the file imports, wherever the statement stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: import by the full name, not relatively"
            # `from evonasc import front` names a module, `from evonasc.front import x` does not
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= below & MODULES if below <= MODULES else {node.module, *(below & MODULES)}
    return found


def part_of(module):
    """Return the first name below evonasc."""
    return [*module.split("."), ""][1]


def named_by_tables():
    """Return (module, module that one of its tables names) of every table of names.

    A name in a string is an import all the same, only later.
    """
    found = set()
    for path in FILES:
        own = module_name(path)
        if own.startswith(("evonasc.cli", "evonasc.contracts", "evonasc.__main__")):
            continue  # they have no tables, and the contracts need another package
        for value in vars(importlib.import_module(own)).values():
            tables = [value] if isinstance(value, Registry) else []
            if isinstance(value, Benchmark):
                tables += [value.machines, value.errors, value.tools]
                words = (value.supernet,)
                found |= {(own, word.partition(":")[0]) for word in words if word}
            for table in tables:
                targets = [entry.target for entry in table.entries() if entry.source == OWN]
                if f"{own}:" in "".join(targets) or is_made_in(table, own):
                    found |= {(own, target.partition(":")[0]) for target in targets}
    return found


def is_made_in(table, own):
    """Tell whether a table is made in a module, not imported there."""
    source = Path(importlib.import_module(own).__file__).read_text(encoding="utf-8")
    return f'"{table.group}",' in source


@pytest.fixture(scope="module")
def string_targets():
    return named_by_tables()


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_point_downwards(path):
    own = part_of(module_name(path))
    assert own in MAY_IMPORT, f"evonasc.{own} is new: say in MAY_IMPORT what it may import"
    names = {name for name in imported(path) if name.split(".")[0] == "evonasc"}
    allowed = {own, ""} | MAY_IMPORT[own]  # "" is the package itself: its version
    strays = sorted(name for name in names if part_of(name) not in allowed)
    assert not strays, f"{module_name(path)} must not import {strays}"


def test_names_in_tables_point_downwards(string_targets):
    strays = {
        (own, target)
        for own, target in string_targets
        if part_of(target) not in {part_of(own)} | MAY_IMPORT[part_of(own)]
    }
    assert strays == {(GUEST_TABLE, room) for room in GUEST_ROOMS}
    assert len(string_targets) > 25


def test_no_files_import_each_other_in_a_circle(string_targets):
    """Imports inside functions, those for types alone and names in tables count."""
    graph = {module_name(path): imported(path) for path in FILES}
    graph["evonasc"] = set()  # its exported names are imported when they are asked for
    for own, target in string_targets:
        graph[own] = graph[own] | {target}
    waiting = {own: names & graph.keys() - {own, "evonasc"} for own, names in graph.items()}
    while waiting:
        floor = {own for own, names in waiting.items() if not names & waiting.keys()}
        if not floor:
            break
        waiting = {own: names for own, names in waiting.items() if own not in floor}
    in_circle = {
        own
        for own, names in waiting.items()
        if any(own in waiting[n] for n in names & waiting.keys())
    }
    assert not waiting, f"circles behind {sorted(in_circle or waiting)}"


def test_a_benchmark_is_named_by_its_entry_and_as_a_default_only():
    """Otherwise a second one would have to be named there too."""
    named, found = re.compile("|".join([*GUESTS, r"nas.?bench.?201"]), re.I), {}
    for path in FILES:
        if GUESTS & set(path.relative_to(ROOT).parts):
            continue
        text = path.read_text(encoding="utf-8")
        lines = [line.strip() for line in text.splitlines() if named.search(line)]
        strays = [line for line in lines if "default" not in line.lower() and "DEFAULT" not in line]
        if strays:
            found[module_name(path)] = strays
    assert found.keys() <= {GUEST_TABLE, "evonasc.benchmark"}, found


def test_the_table_has_no_circle():
    floors = []
    waiting = dict(MAY_IMPORT)
    while waiting:
        floor = {name for name, below in waiting.items() if not below & waiting.keys()}
        assert floor, f"a circle among {sorted(waiting)}"
        floors.append(floor)
        waiting = {name: below for name, below in waiting.items() if name not in floor}
    assert floors[-1] == {"__main__"}


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_problems_and_operators_are_named_as_users_name_them(path):
    """As top-level modules they would be imported a second time, with classes of their own."""
    tops = {name.split(".")[0] for name in imported(path)}
    assert not tops & {"problems", "operators", "tests"}


@pytest.mark.parametrize(
    "path",
    FILES,
    ids=module_name,
)
def test_third_parties_come_in_by_their_door(path):
    own = module_name(path)
    for name in {name.split(".")[0] for name in imported(path)}:
        if name in sys.stdlib_module_names or name in ("evonasc", "numpy"):
            continue
        assert name in DOORS, f"{name} is new: say in DOORS who may import it"
        allowed = [f"{door}." for door in DOORS[name]]
        assert f"{own}.".startswith(tuple(allowed)), f"{own} must not import {name}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_only_the_command_line_prints(path):
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("print", "input", "breakpoint")
    ]
    assert not calls or part_of(module_name(path)) == "cli"


def modules_after(statement):
    """Return the top-level modules of a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_importing_the_package_and_its_command_line_is_light():
    """Each of these costs up to three seconds; `evonasc --help` must answer at once."""
    loaded = modules_after("import evonasc, evonasc.cli")
    assert "evonasc" in loaded
    assert not loaded & {"torch", "seaborn", "pandas", "pymoo", "matplotlib", "scipy", "deap"}


@pytest.mark.slow
def test_a_search_on_stored_scores_needs_neither_torch_nor_seaborn():
    loaded = modules_after(
        "import evonasc.runs.run, evonasc.nasbench201.errors.joined\n"
        "from evonasc.search.algorithms import ALGORITHMS, algorithm\n"
        "for name in ALGORITHMS: algorithm(name)"
    )
    assert "pymoo" in loaded
    assert not loaded & {"torch", "seaborn", "pandas", "matplotlib"}
