"""``evonasc list``: what can be chosen, and who brings it."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from evonasc.cli.console import output
from evonasc.errors import EvonascError

if TYPE_CHECKING:
    from evonasc.plugins import Entry, Registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("kind", choices=sorted(_TABLES), help="what to list")


def execute(arguments: argparse.Namespace) -> int:
    """Print a table of names."""
    from evonasc.analysis.report import plain_table

    output().print(plain_table(_TABLES[arguments.kind]()))
    return 0


def _rows(table: "Registry") -> list[dict[str, str]]:
    """Name what a table holds; whatever cannot be used says why in its own row."""
    return [
        {"name": entry.name, "source": entry.source, "what": _what(table, entry)}
        for entry in table.entries()
    ]


def _what(table: "Registry", entry: "Entry") -> str:
    """Return one line on an entry, loading it if it is another package's."""
    from evonasc.plugins import first_line

    try:
        table.entry(entry.name)  # refuses a name that two packages use
        return entry.what or first_line(table.load_entry(entry)) or entry.target
    except EvonascError as error:
        return f"CANNOT BE USED: {error}"


def _algorithms() -> list[dict[str, str]]:
    """Name the algorithms."""
    from evonasc.search.algorithms import REGISTRY

    return _rows(REGISTRY)


def _problems() -> list[dict[str, str]]:
    """Name the problems."""
    from evonasc.runs.problem_table import PROBLEMS

    return _rows(PROBLEMS)


def _spaces() -> list[dict[str, str]]:
    """Name the search spaces."""
    from evonasc.space import SPACES

    return _rows(SPACES)


def _operators() -> list[dict[str, str]]:
    """Name the operators."""
    from evonasc.search.operator_table import OPERATORS

    return _rows(OPERATORS)


def _links() -> list[dict[str, str]]:
    """Name the links."""
    from evonasc.cost.link_table import LINKS

    return _rows(LINKS)


def _objectives() -> list[dict[str, str]]:
    """Name the objectives of the split problem."""
    from evonasc.problems.objective_table import OBJECTIVES

    return _rows(OBJECTIVES)


def _hardware() -> list[dict[str, str]]:
    """Name the machines and say how well each is predicted."""
    from evonasc.cost.machines import MACHINES, resolve
    from evonasc.cost.roofline import is_roofline_fitted
    from evonasc.nasbench201.machines.known import HARDWARE, fit_report
    from evonasc.plugins import OWN

    rows = []
    for entry in MACHINES.entries():
        row = {"name": entry.name, "source": entry.source}
        try:
            MACHINES.entry(entry.name)
            machine = resolve(entry.name)
        except EvonascError as error:
            row |= {"total": "-", "within 10 %": "-", "mean error": "-", "blocks": "-"}
            rows.append({**row, "machine": f"CANNOT BE USED: {error}"})
            continue
        if entry.source == OWN:
            report = fit_report(entry.name)
            row |= {
                "total": HARDWARE[entry.name].kind,
                "within 10 %": f"{report.within_10_percent:.1%}",
                "mean error": f"{report.mape:.1%}",
                "blocks": "roofline" if is_roofline_fitted(entry.name) else "MACs and bytes",
            }
        else:
            row |= {"total": machine.kind, "within 10 %": "-", "mean error": "-", "blocks": "-"}
        rows.append({**row, "machine": machine.description})
    return rows


def _scenarios() -> list[dict[str, str]]:
    """Name the scenarios."""
    from evonasc.cost.scenario import SCENARIOS

    return [
        {
            "name": name,
            "head": scenario.head_hardware,
            "tail": scenario.tail_hardware,
            "Mbit/s": f"{scenario.uplink_mbps:g}",
            "delay ms": f"{scenario.one_way_delay_ms:g}",
            "bits": ",".join(map(str, scenario.payload_bits)),
            "radio": scenario.radio,
        }
        for name, scenario in SCENARIOS.items()
    ]


_TABLES: dict[str, Callable[[], list[dict[str, str]]]] = {
    "algorithms": _algorithms,
    "hardware": _hardware,
    "links": _links,
    "objectives": _objectives,
    "operators": _operators,
    "problems": _problems,
    "scenarios": _scenarios,
    "spaces": _spaces,
}
