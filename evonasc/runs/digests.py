"""What decides a run's values beside its configuration: files and code, by their content.

A path or a name says where something lies; what lies there may change. Each input is digested, so
that numbers of before and after are never taken for one. What a plug-in reads on its own is not
known here.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from evonasc.cost.link_table import LINKS
from evonasc.errors import DataFileError, EvonascError
from evonasc.foreign_code import code_digest
from evonasc.inputs import MOST_ARRAYS, file_bytes
from evonasc.plugins import OWN, Entry, Registry
from evonasc.problems.objective_table import OBJECTIVES
from evonasc.runs.benchmarks import SPACES, benchmark
from evonasc.runs.config import RunConfig
from evonasc.runs.error_table import error_table
from evonasc.runs.prepare import path_of_run
from evonasc.runs.problem_table import PROBLEMS, problem_kind
from evonasc.search.algorithms import ALGORITHMS
from evonasc.search.config import SearchConfig
from evonasc.search.operator_table import KINDS, OPERATORS

#: Of the options of a source of errors: a data set's files prove what they are by themselves.
_PROVEN = ("data_root",)
_FOLDER = "folder:"


def input_digests(config: RunConfig) -> tuple[dict[str, str], dict[str, str]]:
    """Return what decides a run's result: SHA-256 by input, and versions by package.

    Args:
        config: Settled.

    Raises:
        DataFileError: A file cannot be read.
    """
    entries = [*_problem_entries(config), *_scenario_entries(config)]
    entries += _search_entries(config.search)
    packages = dict(
        entry.source.split(" ", 1)
        for _, entry in entries
        if entry.source not in (OWN, entry.target) and " " in entry.source
    )
    inputs = problem_inputs(config) | scenario_inputs(config) | search_inputs(config.search)
    return inputs, packages


def problem_inputs(config: RunConfig) -> dict[str, str]:
    """Return the digests of what decides errors and other columns, whatever the scenario."""
    found = _code(_problem_entries(config))
    options = config.error.options if "error" in problem_kind(config.problem).reads else None
    for option in () if options is None else fields(options):
        value = getattr(options, option.name)
        if isinstance(value, str) and value.startswith(_FOLDER):
            value = Path(value.removeprefix(_FOLDER))
        if isinstance(value, Path) and option.name not in _PROVEN:
            found[f"{option.name} {value}"] = path_digest(value)
    if config.calibration is not None:
        found[f"calibration {config.calibration}"] = path_digest(config.calibration)
    return found


def scenario_inputs(config: RunConfig) -> dict[str, str]:
    """Return the digests of machines and links.

    Empty where a run has none: its problem reads no scenario of networks, or is another package's
    and gives the names a meaning of its own.
    """
    if not _has_path(config):
        return {}
    try:
        path = path_of_run(config)
    except EvonascError:
        if PROBLEMS.is_built_in(config.problem):  # a file that is gone is no change of it
            raise
        return {}  # another package's problem may give the names a meaning of its own
    scenario, found = config.scenario, _code(_scenario_entries(config))
    machines = zip((scenario.head_hardware, scenario.tail_hardware), path.machines, strict=True)
    found |= {f"hardware {name}": machine.digest for name, machine in machines}
    found |= {f"link {scenario.link}": link.digest for link in path.links if link.digest}
    argument = scenario.link.partition(":")[2]
    if path.uplink.is_foreign and argument and Path(argument).is_file():
        found[f"link {scenario.link}"] = path_digest(Path(argument))
    return found


def search_inputs(search: SearchConfig) -> dict[str, str]:
    """Return the digests of the code of an algorithm and operators that are not evonasc's."""
    return _code(_search_entries(search))


def path_digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of all files in a folder.

    Raises:
        DataFileError: It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        if not path.is_dir():
            return hashlib.sha256(_content(path)).hexdigest()
        for file in sorted(one for one in path.rglob("*") if one.is_file()):
            digest.update(os.fsencode(f"{file.relative_to(path)}\0{file.stat().st_size}\0"))
            digest.update(_content(file))
    except OSError as error:
        raise DataFileError(f"Cannot read {error.filename or path}: {error.strerror}.") from error
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    """Return what a file that decides a value holds."""
    return file_bytes(path, kind="input", most=MOST_ARRAYS)


_Entries = Iterator[tuple[Registry, Entry]]


def _problem_entries(config: RunConfig) -> _Entries:
    """Yield the entries that a problem is made of."""
    yield PROBLEMS, PROBLEMS.entry(config.problem)
    reads = problem_kind(config.problem).reads
    if "space" in reads:
        yield SPACES, SPACES.entry(config.space)
    if "error" in reads and config.error.name:
        table = error_table(config.error.name, benchmark(config.space))
        yield table, table.entry(config.error.name)
    if "objectives" in reads:
        for name in (*config.objectives, *(bound.column for bound in config.bounds)):
            if name in OBJECTIVES or ":" in name:
                yield OBJECTIVES, OBJECTIVES.entry(name)


def _scenario_entries(config: RunConfig) -> _Entries:
    """Yield the entry of a run's link; machines bring a digest of their own."""
    if _has_path(config):
        yield LINKS, LINKS.entry(config.scenario.link.partition(":")[0])


def _search_entries(search: SearchConfig) -> _Entries:
    """Yield algorithm and operators."""
    yield ALGORITHMS, ALGORITHMS.entry(search.algorithm)
    for kind in KINDS:
        yield OPERATORS, OPERATORS.entry(getattr(search, kind))


def _code(entries: _Entries) -> dict[str, str]:
    """Return the digests of the code of entries that are not evonasc's."""
    return {
        f"{table.kind} {entry.name}": code_digest(entry.target)
        for table, entry in entries
        if entry.source != OWN
    }


def _has_path(config: RunConfig) -> bool:
    """Tell whether a run's scenario is one of machines and a link."""
    return {"space", "scenario"} <= problem_kind(config.problem).reads
