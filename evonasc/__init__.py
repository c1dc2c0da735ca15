"""Evolutionary multi-objective neural architecture search for split computing.

What most programs need is exported here, each name imported when it is first used::

    from evonasc import RunConfig, SearchConfig, front_table, named_scenario, run

    config = RunConfig(
        scenario=named_scenario("raspi4-edgegpu-10mbps"),
        objectives=("error", "latency_ms"),
        search=SearchConfig(algorithm="nsga2", budget=2000, seed=0),
    )
    for row in front_table(run(config)):
        print(row["arch_str"], row["split_point"], row["error"], row["latency_ms"])
"""

from importlib import import_module as _import_module
from pathlib import Path as _Path

__version__ = "0.1.0"

#: Exported name -> the module that has it.
_FACE = {
    "Algorithm": "evonasc.search.algorithm",
    "Benchmark": "evonasc.benchmark",
    "Bound": "evonasc.bounds",
    "ComparisonConfig": "evonasc.runs.comparison",
    "ErrorChoice": "evonasc.runs.config",
    "RunConfig": "evonasc.runs.config",
    "Scenario": "evonasc.cost.scenario",
    "Search": "evonasc.search.search",
    "SearchConfig": "evonasc.search.config",
    "StopSearch": "evonasc.search.search",
    "compare": "evonasc.analysis.compared",
    "front_table": "evonasc.runs.tables",
    "load_run": "evonasc.runs.finished",
    "named_scenario": "evonasc.cost.scenario_table",
    "pick": "evonasc.analysis.picking",
    "run": "evonasc.runs.run",
}
__all__ = [
    "Algorithm",
    "Benchmark",
    "Bound",
    "ComparisonConfig",
    "ErrorChoice",
    "RunConfig",
    "Scenario",
    "Search",
    "SearchConfig",
    "StopSearch",
    "compare",
    "front_table",
    "load_run",
    "named_scenario",
    "pick",
    "run",
]

# A wheel nests problems/ and operators/ in this package; in a checkout they lie beside it.
_here = _Path(__file__).parent
if not (_here / "problems").is_dir():
    __path__.append(str(_here.parent))


def __getattr__(name: str) -> object:
    """Import an exported name when it is first asked for (PEP 562)."""
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(_import_module(_FACE[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Name what is exported, imported or not."""
    return sorted({*globals(), *__all__})
