"""The joined order of training-free proxies and supernet scores, as the error of a search.

No accuracy of any benchmark is fitted; which voters are joined was settled after looks at the
accuracies of 1,000 cells (``benchmarks/results/rank_looks.csv``). The proxies are those that two
published aggregations join, AZ-NAS (Lee and Ham 2024, arXiv 2403.19232: complexity, expressivity,
progressivity, trainability) and VKDNW (Tybl and Neumann 2025, arXiv 2502.04975: layers, Jacobians),
but for the Fisher spectrum: two random initialisations agree little on it (Kendall's tau below 0.5)
and no other signal agrees with it at all. Every supernet has two votes beside them, its loss and
its top-1 error.

Supernets trained for some of the best networks alone are asked in a second round: the networks that
they know keep their places, and share them out anew by the votes of the supernets alone, because
among the best the proxies say nothing.

The order is put on the scale of one supernet's top-1 error by
:mod:`evonasc.supernet.loss_scale`.
"""

from collections.abc import Sequence

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.benchmark import ErrorKind, ErrorRequest
from evonasc.errors import ConfigError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import cell_number
from evonasc.nasbench201.errors.proxies import counted_proxies, shipped_proxies
from evonasc.nasbench201.errors.supernet_scores import (
    ScoresOptions,
    StoredOrder,
    own_scores,
    shipped_scores,
)
from evonasc.nasbench201.space import NasBench201
from evonasc.supernet.error_table import StoredErrors
from evonasc.supernet.loss_scale import match_quantiles
from evonasc.supernet.proxy_table import ProxyTable
from evonasc.supernet.rank_aggregation import join_orders
from evonasc.supernet.score_table import ScoreTable, decode_scores

#: Score files that vote in the shipped order: few-shot supernets of all networks, split at either
#: of the two edges whose operations disagree most; then, for the best alone, one supernet of 1 cell
#: a stage and one of 3. The supernet that all of them started from has no vote beside those that
#: replace it; it gives the scale.
VOTING_SCORES = (
    "supernet/cifar10-c16-n1-few-shot-edge0-scores.npz",
    "supernet/cifar10-c16-n1-few-shot-edge5-scores.npz",
    "supernet/cifar10-c16-n1-best-scores.npz",
    "supernet/cifar10-c16-n3-best-scores.npz",
)
#: Looks at benchmark accuracies after which these voters were settled.
N_LOOKS = 14
#: Proxies that have a vote.
VOTING_PROXIES = ("flops", "layers", "jacobian", "expressivity", "progressivity", "trainability")


def proxy_signals(
    table: ProxyTable, names: Sequence[str] = VOTING_PROXIES
) -> dict[str, FloatArray]:
    """Return proxies by name, ``(n,)`` each, larger is better."""
    counted = counted_proxies(table.networks)
    return {name: counted[name] if name in counted else table.mean(name) for name in names}


def joined_score(
    table: ProxyTable,
    scores: Sequence[ScoreTable],
    *,
    proxies: Sequence[str] = VOTING_PROXIES,
) -> FloatArray:
    """Return the joined score of the table's networks, ``(n,)``, larger is better.

    Args:
        table: Measured proxies of all networks.
        scores: Any number of supernets' scores, two votes each. Those of all networks vote beside
            the proxies; those of a choice vote in a round of their own among these networks,
            larger choices first.
        proxies: Names of those that vote.

    Raises:
        ConfigError: A score file or the table does not hold all of its networks.
    """
    if not table.is_complete:
        raise ConfigError("The proxies must be complete. Run: evonasc supernet proxies")
    numbers = cell_number(table.networks)
    for one in scores:
        is_known = np.isin(cell_number(one.networks), numbers).all()
        if not is_known or (not one.is_choice and len(one.networks) != len(numbers)):
            raise ConfigError(
                f"Scores must cover the {len(numbers)} networks of the proxies, "
                f"got {len(one.networks)}. Finish them with: evonasc supernet score"
            )
        if one.is_choice and not one.is_complete:
            raise ConfigError(
                f"Scores of chosen networks must cover all of these, got {len(one.networks)}. "
                "Finish them with: evonasc supernet score"
            )
    whole = [one for one in scores if not one.is_choice]
    votes = [*proxy_signals(table, proxies).values(), *supernet_signals(whole, numbers)]
    joined = join_orders(votes)
    choices = {
        tuple(np.sort(cell_number(one.networks)).tolist()) for one in scores if one.is_choice
    }
    for choice in sorted(choices, key=lambda choice: (-len(choice), choice)):
        voters = [one for one in scores if np.isin(choice, cell_number(one.networks)).all()]
        rows = np.flatnonzero(np.isin(numbers, choice))
        again = join_orders(supernet_signals(voters, numbers[rows]))
        joined[rows[np.argsort(again, kind="stable")]] = np.sort(joined[rows])
    return joined


def supernet_signals(scores: Sequence[ScoreTable], numbers: IntArray) -> list[FloatArray]:
    """Return the votes of supernets on networks, ``(n,)`` each, larger is better: loss and top-1.

    All scores know the networks, ``(n,)`` cell numbers.
    """
    votes = []
    for one in scores:
        order = np.argsort(cell_number(one.networks))
        rows = order[np.searchsorted(cell_number(one.networks)[order], numbers)]
        votes += [-one.loss[rows], -one.top1_error[rows]]
    return votes


def shipped_votes() -> tuple[ScoreTable, ...]:
    """Return the shipped scores that have a vote.

    Raises:
        AssetError: A file is missing or damaged.
    """
    return tuple(
        decode_scores(ASSETS.read(path), where=path, space=NasBench201()) for path in VOTING_SCORES
    )


def _provenance(votes: Sequence[ScoreTable], *, is_shipped: bool) -> str:
    """Say what the joined error comes from."""
    settled = f" (which voters join was settled after {N_LOOKS} looks at 1,000 of them)"
    settled = settled if is_shipped else ""
    whole = [one for one in votes if not one.is_choice]
    edges = [one.header["split_edge"] for one in whole if "split_edge" in one.header]
    n_plain = len(whole) - len(edges)
    kinds = [] if n_plain == 0 else ["one supernet" if n_plain == 1 else f"{n_plain} supernets"]
    if edges:
        places = " and ".join(map(str, edges))
        kinds.append(f"few-shot supernets split at edge{'s' * (len(edges) > 1)} {places}")
    supernets = " and ".join(kinds)
    n_chosen = max((len(one.networks) for one in votes if one.is_choice), default=0)
    again = (
        f"; {n_chosen:,} of the best ordered again by supernets trained for them"
        if n_chosen
        else ""
    )
    return (
        f"error: order joined by log ranks from the training-free proxies "
        f"{', '.join(VOTING_PROXIES)} and from loss and top-1 error of {supernets} trained by "
        f"evonasc on {votes[0].data}{again}; no benchmark accuracy fitted{settled}; given by rank "
        "on the scale of a supernet's top-1 errors, so no network has the one that was measured. "
        "It is not the accuracy of a network trained alone."
    )


class JoinedOrder(StoredOrder):
    """The error of networks by their place in the joined order.

    Args:
        table: Measured proxies; the shipped ones by default.
        scores: Those of one supernet of all networks at least; the shipped ones by default. The
            first gives the scale, but for the shipped ones, whose scale is that of the shipped
            supernet.

    Raises:
        ConfigError: No scores, or they do not cover the table's networks.
    """

    def __init__(
        self, table: ProxyTable | None = None, scores: Sequence[ScoreTable] | None = None
    ) -> None:
        proxies = shipped_proxies() if table is None else table
        votes = shipped_votes() if scores is None else tuple(scores)
        if not votes or votes[0].is_choice:
            raise ConfigError(
                "The joined error needs at least one score file for its scale, and the first must "
                "be of all networks, not of a choice."
            )
        scale = shipped_scores() if scores is None else votes[0]
        joined = joined_score(proxies, votes)
        to_error = match_quantiles(-joined, scale.top1_error, n_images=scale.n_images)
        super().__init__(
            StoredErrors(proxies.space, proxies.networks, to_error(-joined)),
            what="The joined order",
            header=scale.header,
            provenance=_provenance(votes, is_shipped=scores is None),
        )


def _make(options: ScoresOptions, request: ErrorRequest) -> JoinedOrder:
    """Join the shipped proxies with the shipped scores, or with those of the user."""
    own = own_scores(options, request)
    return JoinedOrder(scores=None if own is None else [own])


#: The joined order.
JOINED = ErrorKind(ScoresOptions, _make)
