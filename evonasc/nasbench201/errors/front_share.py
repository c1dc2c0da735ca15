"""What a front is worth in truth, when a score stands in for the accuracies it is searched with.

A rank correlation asks about all networks alike; a front is made of few, small fast ones as well as
the most accurate. So the front is taken by the score among networks whose trained accuracies are
known, with the latencies of a scenario, each network at its best cut; its designs are valued by
their true errors, and their hypervolume is a share of that of the true front among these networks.

Fewer networks than the space has make it easier: with ten times as many to choose from, a search
finds more of those that a score flatters.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.costs import path_costs
from evonasc.cost.cuts import design_space
from evonasc.cost.link_table import link_of
from evonasc.cost.path import Path
from evonasc.cost.scenario import Scenario, override
from evonasc.cost.scenario_table import SCENARIOS, named_scenario
from evonasc.front import hypervolume_share, non_dominated
from evonasc.nasbench201.cells import canonical_cells, cell_number
from evonasc.nasbench201.errors.rank import Truth
from evonasc.nasbench201.machines.machine import KnownMachine
from evonasc.nasbench201.space import NasBench201

#: Pairs of machines, at 10 Mbit/s, beside the named scenarios.
PAIRS = (
    ("edgegpu", "1080ti"),
    ("edgetpu", "edgegpu"),
    ("eyeriss", "edgegpu"),
    ("fpga", "edgegpu"),
    ("pixel3", "1080ti"),
    ("pixel3", "edgegpu"),
    ("raspi4", "1080ti"),
    ("raspi4", "gold_6226"),
    ("raspi4", "titan_rtx"),
)


def tried_scenarios() -> list[Scenario]:
    """Return evonasc's own named scenarios, and those of ``PAIRS``."""
    named = [named_scenario(name) for name in SCENARIOS if SCENARIOS.is_built_in(name)]
    base = named_scenario("raspi4-edgegpu-10mbps")
    return named + [
        override(
            base,
            {"name": f"{head}-{tail}-10mbps", "head_hardware": head, "tail_hardware": tail},
        )
        for head, tail in PAIRS
    ]


@dataclass(frozen=True)
class FrontQuality:
    """What fronts by one score are worth."""

    #: ``(n_scenarios,)`` hypervolume in truth, as a share of the true front's.
    shares: FloatArray
    #: ``(n_scenarios,)`` how far the most accurate design is from the most accurate network.
    gaps: FloatArray


class TrueFronts:
    """The true fronts of some networks, in several scenarios.

    Args:
        truth: Trained accuracies; spellings of one network count once, by their mean.
        scenarios: With what latencies; :func:`tried_scenarios` by default.

    Raises:
        EvonascError: A machine of a scenario cannot be had.
    """

    def __init__(self, truth: Truth, scenarios: list[Scenario] | None = None) -> None:
        self._numbers = cell_number(canonical_cells(truth.cells[truth.connected]))
        _, self._first, which = np.unique(self._numbers, return_index=True, return_inverse=True)
        accuracy = truth.accuracy[truth.connected]
        #: True errors, fractions, ``(n,)``.
        self.errors: FloatArray = 1 - np.bincount(which, accuracy) / np.bincount(which) / 100
        self._is_connected = truth.connected
        self._networks = canonical_cells(truth.cells[truth.connected][self._first])
        self._scenarios = tried_scenarios() if scenarios is None else scenarios

    @cached_property
    def latencies(self) -> FloatArray:
        """Latency of each network at its best cut in each scenario, ms, ``(n_scenarios, n)``."""
        return np.stack([_best_ms(self._networks, scenario) for scenario in self._scenarios])

    def quality(self, score: FloatArray) -> FrontQuality:
        """Return what fronts by a score are worth.

        Args:
            score: Of the truth's cells, ``(n_cells,)``, larger is better; NaN counts as worst.
        """
        _, ranks = np.unique(score, return_inverse=True, equal_nan=True)
        filled = np.where(np.isnan(score), -1, ranks).astype(float)[self._is_connected]
        wanted = -filled[self._first]
        shares, gaps = [], []
        for latency in self.latencies:
            found, real = (
                np.flatnonzero(non_dominated(np.stack([errors, latency], axis=1)))
                for errors in (wanted, self.errors)
            )
            points = np.stack([self.errors, latency], axis=1)
            shares.append(hypervolume_share(points[found], front=points[real]))
            gaps.append(self.errors[found].min() - self.errors.min())
        return FrontQuality(np.array(shares), np.array(gaps))


def _best_ms(networks: IntArray, scenario: Scenario) -> FloatArray:
    """Return the latency of networks at their best allowed cut, ms, ``(n,)``."""
    space = NasBench201()
    head, tail = (KnownMachine(name) for name in (scenario.head_hardware, scenario.tail_hardware))
    path = Path((head, tail), (link_of(scenario),))
    designs = design_space(scenario, space, memory_bytes=path.head.memory_bytes)
    best = np.full(len(networks), np.inf)
    for cut in range(space.n_blocks + 1):
        genes = designs.completed(networks)
        genes[:, designs.split_genes] = cut
        latency = path_costs(genes, designs=designs, path=path).latency_ms
        best = np.where(designs.is_valid(genes), np.minimum(best, latency), best)
    return best
