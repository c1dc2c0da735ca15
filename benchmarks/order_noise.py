"""How firm the joined order is: what changes when one of its voters is left out.

    python benchmarks/order_noise.py

Voters are the training-free proxies and the supernets, of all networks or of the best alone. Each
is left out once, the networks are ordered without it, and the order is put on the scale of the
error as the full one is. From these orders:

- `standard_error`: of a network's error by the jackknife over voters, median over networks;
- `standard_error_of_a_difference`: the same of the difference between networks that are neighbours
  in the order, which is what a search meets;
- `least_tau`: Kendall's tau between the full order and the one that is least like it, and the voter
  that was left out there.

Rows: the 500 networks of least error, and all. Reads shipped files alone; no accuracy of a
benchmark. Writes benchmarks/results/order_noise.csv. Seconds.
"""

from pathlib import Path

import numpy as np
from scipy.stats import kendalltau

from evonasc.arrays import FloatArray
from evonasc.files import write_atomically
from evonasc.nasbench201.errors.joined import (
    VOTING_PROXIES,
    VOTING_SCORES,
    joined_score,
    shipped_votes,
)
from evonasc.nasbench201.errors.proxies import shipped_proxies
from evonasc.nasbench201.errors.supernet_scores import shipped_scores
from evonasc.runs.tables import as_csv
from evonasc.supernet.loss_scale import match_quantiles

N_BEST = 500
OUT = Path(__file__).parent / "results" / "order_noise.csv"


def jackknife(values: FloatArray) -> FloatArray:
    """Return the standard errors of ``(n_left_out, n)`` values, ``(n,)``."""
    n = len(values)
    return np.sqrt((n - 1) / n * ((values - values.mean(axis=0)) ** 2).sum(axis=0))


def main() -> None:
    """Order without each voter, print, write."""
    table, scores = shipped_proxies(), shipped_votes()
    scale = shipped_scores()

    def as_error(order: FloatArray) -> FloatArray:
        to_error = match_quantiles(-order, scale.top1_error, n_images=scale.n_images)
        return to_error(-order)

    orders = {
        name: joined_score(table, scores, proxies=[one for one in VOTING_PROXIES if one != name])
        for name in VOTING_PROXIES
    }
    for place, path in enumerate(VOTING_SCORES):
        rest = [one for other, one in enumerate(scores) if other != place]
        orders[Path(path).stem] = joined_score(table, rest)
    full = joined_score(table, scores)
    errors = np.stack([as_error(order) for order in orders.values()])
    by_error = np.argsort(-full)
    rows = []
    for group, places in ((f"best {N_BEST}", by_error[:N_BEST]), ("all", by_error)):
        taus = {
            name: kendalltau(full[places], one[places]).statistic for name, one in orders.items()
        }
        least = min(taus, key=lambda name: taus[name])
        difference = jackknife(np.diff(errors[:, places], axis=1))
        rows.append(
            {
                "networks": group,
                "voters": len(orders),
                "standard_error": f"{np.median(jackknife(errors[:, places])):.4f}",
                "standard_error_of_a_difference": f"{np.median(difference):.4f}",
                "least_tau": f"{taus[least]:.3f}",
                "without": least,
            }
        )
        print(rows[-1])
    write_atomically(OUT, as_csv(rows))


if __name__ == "__main__":
    main()
