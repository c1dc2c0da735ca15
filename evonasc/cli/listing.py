"""``evonasc list``: what can be chosen, and who brings it."""

import argparse
from contextlib import suppress
from typing import TYPE_CHECKING

from evonasc.cli.console import output
from evonasc.cli.problem_arguments import add_space_argument
from evonasc.contracts.kinds import KINDS, tables_of
from evonasc.errors import EvonascError

if TYPE_CHECKING:
    from evonasc.benchmark import Benchmark
    from evonasc.plugins import Entry, Registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("kind", choices=KINDS, help="what to list")
    add_space_argument(parser, of="search space whose hardware and errors are listed")


def execute(arguments: argparse.Namespace) -> int:
    """Print a table of names."""
    from evonasc.analysis.report import plain_table
    from evonasc.runs.benchmarks import benchmark

    kind, chosen = arguments.kind, benchmark(arguments.space)
    rows = _LISTS[kind](chosen) if kind in _LISTS else _rows(tables_of(kind, chosen))
    output().print(plain_table(rows) if rows else f"No {kind} here.")
    if kind == "algorithms":
        output().print("", plain_table(_readers()), sep="\n")
    return 0


def _rows(tables: list["Registry"]) -> list[dict[str, str]]:
    """Name what tables hold; whatever cannot be used says why in its own row."""
    found = {
        (entry.name, entry.source): (table, entry) for table in tables for entry in table.entries()
    }
    return [
        {"name": entry.name, "source": entry.source, "what": _what(table, entry)}
        for table, entry in found.values()
    ]


def _what(table: "Registry", entry: "Entry") -> str:
    """Return one line on an entry, loading it if it is another package's."""
    from evonasc.plugins import first_line

    try:
        table.entry(entry.name)  # refuses a name that two packages use
        return entry.what or first_line(table.load_entry(entry)) or entry.target
    except EvonascError as error:
        return f"CANNOT BE USED: {error}"


def _readers() -> list[dict[str, str]]:
    """Name the algorithms that read each option of a search; some options all of them read."""
    from evonasc.search.algorithm import optional_fields
    from evonasc.search.algorithms import ALGORITHMS, algorithm
    from evonasc.search.config import option_of

    readers: dict[str, list[str]] = {option_of(field): [] for field in optional_fields()}
    for name in ALGORITHMS:
        with suppress(EvonascError):  # the row of its name says why it cannot be used
            for field in algorithm(name).options:
                readers[option_of(field)].append(name)
    return [
        {"option": option, "read by": ", ".join(names)} for option, names in sorted(readers.items())
    ]


def _hardware(chosen: "Benchmark") -> list[dict[str, str]]:
    """Name the machines that have times for its networks, and say how well each is predicted."""
    from evonasc.cost.machine_table import machine_of

    rows = []
    for entry in chosen.machines.entries():
        row = {"name": entry.name, "source": entry.source}
        unknown = {"total": "-", "within 10 %": "-", "mean error": "-", "blocks": "-"}
        try:
            machine = machine_of(entry.name, space=chosen.make_space(), known=chosen.machines)
        except EvonascError as error:
            rows.append({**row, **unknown, "machine": f"CANNOT BE USED: {error}"})
            continue
        row |= {**unknown, "total": machine.kind, "blocks": machine.block_model}
        if machine.fit is not None:
            row |= {
                "within 10 %": f"{machine.fit.within_10_percent:.1%}",
                "mean error": f"{machine.fit.mape:.1%}",
            }
        rows.append({**row, "machine": machine.description})
    return rows


def _scenarios(chosen: "Benchmark") -> list[dict[str, str]]:
    """Name the scenarios."""
    from evonasc.cost.scenario_table import SCENARIOS, named_scenario

    rows = []
    for entry in SCENARIOS.entries():
        row = {"name": entry.name, "source": entry.source}
        try:
            scenario = named_scenario(entry.name)
        except EvonascError as error:
            blank = dict.fromkeys(("tail", "Mbit/s", "delay ms", "bits", "radio"), "-")
            rows.append({**row, "head": f"CANNOT BE USED: {error}", **blank})
            continue
        row |= {
            "head": scenario.head_hardware,
            "tail": scenario.tail_hardware,
            "Mbit/s": f"{scenario.uplink_mbps:g}",
            "delay ms": f"{scenario.one_way_delay_ms:g}",
            "bits": ",".join(map(str, scenario.payload_bits)),
            "radio": scenario.radio,
        }
        rows.append(row)
    return rows


#: What is more than names and words -> the rows of it for a benchmark.
_LISTS = {"hardware": _hardware, "scenarios": _scenarios}
