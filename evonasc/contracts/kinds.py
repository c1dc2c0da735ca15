"""The kinds of plug-ins and the tables of each, imported when they are asked for."""

from evonasc.benchmark import Benchmark
from evonasc.plugins import Registry, imported

#: Kind, the last word of its group of entry points -> its table. Empty where each benchmark has
#: its own alone; of errors it has one beside that.
_TABLES = {
    "algorithms": "evonasc.search.algorithms:ALGORITHMS",
    "errors": "evonasc.runs.error_table:ERRORS",
    "hardware": "",
    "links": "evonasc.cost.link_table:LINKS",
    "objectives": "evonasc.problems.objective_table:OBJECTIVES",
    "operators": "evonasc.search.operator_table:OPERATORS",
    "problems": "evonasc.runs.problem_table:PROBLEMS",
    "scenarios": "evonasc.cost.scenario_table:SCENARIOS",
    "spaces": "evonasc.runs.benchmarks:SPACES",
    "variations": "evonasc.runs.variations:VARIATIONS",
}
#: Every kind.
KINDS = tuple(_TABLES)


def tables_of(kind: str, benchmark: Benchmark) -> list[Registry]:
    """Return the tables that hold the plug-ins of a kind for the networks of a benchmark."""
    of_benchmark = {"errors": benchmark.errors, "hardware": benchmark.machines}
    found: list[Registry] = [imported(_TABLES[kind])] if _TABLES[kind] else []
    return [*found, of_benchmark[kind]] if kind in of_benchmark else found
