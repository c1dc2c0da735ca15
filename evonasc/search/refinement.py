"""Split refinement: a search over networks that cuts each of them where that is fastest.

Where the error does not depend on the cut, the cut of least latency is the only one of a network
that can lie on the front of error and latency, and finding it is an argmin over the allowed cuts
that asks for no error. A search that moves every new design there spends its evaluations on
networks alone. Any algorithm can: ``SplitRefinement.of(archive.problem, config).refined(genes)``,
and ``can_refine`` in its entry.

Minimising over the cut inside the search is how LENS treats it: Odema et al. 2021, "LENS: Layer
Distribution Enabled Neural Architecture Search in Edge-Cloud Hierarchies", DAC.
"""

from typing import Any

import numpy as np
from pymoo.core.repair import Repair

from evonasc.arrays import IntArray
from evonasc.errors import ConfigError
from evonasc.problems import DesignProblem
from evonasc.search.config import SearchConfig
from evonasc.search.design_latency import best_cuts


class SplitRefinement(Repair):
    """Moves the cut of each design to the fastest allowed one of its network.

    The payload's width is kept: it is a gene of its own. pymoo applies a repair after sampling and
    after mating, before duplicates are dropped, so two designs of one network and width are one.

    The cuts found are remembered; where networks can be listed, all are found in one pass, which
    costs less than a few generations.

    Args:
        problem: Gives latencies and allowed cuts.
        is_on: False returns designs as they are.
    """

    def __init__(self, problem: DesignProblem, *, is_on: bool = True) -> None:
        super().__init__()
        self._problem, self._is_on = problem, is_on
        self._cuts: dict[bytes, int] = {}  # canonical operations and width -> fastest cut

    @classmethod
    def of(cls, problem: DesignProblem, config: SearchConfig) -> "SplitRefinement":
        """Return the refinement a search asks for.

        Raises:
            ConfigError: It asks for one where that has no meaning.
        """
        if config.refine_split:
            require_refinable(problem)
        return cls(problem, is_on=config.refine_split)

    def refined(self, genes: IntArray) -> IntArray:
        """Return valid designs ``(n, n_genes)`` with their cuts moved, networks and widths kept.

        Raises:
            GenomeError: Genes outside the space.
        """
        if not self._is_on or len(genes) == 0:
            return genes
        designs, result = self._problem.designs, self._problem.designs.check(genes).copy()
        split = designs.space.n_operation_genes
        wanted = result.copy()
        wanted[:, :split] = designs.space.canonical(designs.operations(result))
        wanted[:, split] = 0
        keys = [row.tobytes() for row in wanted]
        if not self._cuts:
            self._remember_all()
        self._remember(wanted[[key not in self._cuts for key in keys]])
        result[:, split] = [self._cuts[key] for key in keys]
        return result

    def _remember_all(self) -> None:
        """Find the fastest cut of every network and width at once, where networks can be listed."""
        designs = self._problem.designs
        networks = designs.space.networks()
        if networks is None:
            return
        wanted = np.zeros((len(networks), designs.n_genes), dtype=np.int64)
        wanted[:, : networks.shape[1]] = networks
        for width in range(len(designs.payload_bits)):
            if designs.has_bits_gene:
                wanted[:, -1] = width
            self._remember(wanted)

    def _remember(self, wanted: IntArray) -> None:
        """Find the fastest cuts of canonical networks, ``(n, n_genes)``, their cut left 0."""
        if len(wanted) == 0:
            return
        designs = self._problem.designs
        widths = wanted[:, -1] if designs.has_bits_gene else None
        cut, _ = best_cuts(self._problem, designs.operations(wanted), widths=widths)
        keys = (row.tobytes() for row in wanted)
        self._cuts.update(zip(keys, designs.split_point(cut).tolist(), strict=True))

    def _do(self, problem: Any, X: IntArray, **kwargs: Any) -> IntArray:
        """Map ``(n, n_genes)`` valid designs to as many valid designs."""
        return self.refined(np.asarray(X, dtype=np.int64))


def require_refinable(problem: DesignProblem) -> None:
    """Refuse a problem whose front can hold other cuts than the fastest.

    Raises:
        ConfigError: ``latency_ms`` is no objective, or the cut matters to another objective.
    """
    if "latency_ms" not in problem.objectives:
        raise ConfigError(
            "refine_split moves cuts to the least latency, so latency_ms must be an objective, "
            f"got {', '.join(problem.objectives)}. Leave out --refine-split, or add latency_ms."
        )
    names = (*problem.objectives, *(bound.column for bound in problem.column_bounds))
    tied = [
        name
        for name in dict.fromkeys(names)
        if name != "latency_ms" and name not in problem.cut_free_columns
    ]
    if tied:
        raise ConfigError(
            "refine_split must not be used with objectives or bounds in which the cut matters, got "
            f"{', '.join(tied)}: slower cuts than the fastest lie on the front too. Leave out "
            "--refine-split."
        )
