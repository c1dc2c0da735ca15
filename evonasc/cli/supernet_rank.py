"""``evonasc supernet rank``: how well every signal, and all joined, order the benchmark's cells."""

import argparse

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.cli.console import output


def execute(arguments: argparse.Namespace) -> int:
    """Print one row a signal: Kendall's tau on three sets of cells, rho, the best pick."""
    from evonasc.analysis.report import plain_table
    from evonasc.nasbench201.cells import canonical_cells, cell_number
    from evonasc.nasbench201.errors.joined import (
        joined_score,
        proxy_signals,
        shipped_votes,
        supernet_signals,
    )
    from evonasc.nasbench201.errors.proxies import (
        MEASURED,
        by_cell_number,
        counted_proxies,
        read_all_proxies,
        shipped_proxies,
        vkdnw,
    )
    from evonasc.nasbench201.errors.rank import PICKS, TOP, rank_quality, read_truth
    from evonasc.supernet.rank_aggregation import join_orders
    from evonasc.supernet.scores import read_scores, shipped_scores

    truth = read_truth(arguments.measurements)
    scores = [read_scores(path) for path in arguments.scores or ()] or list(shipped_votes())
    table = shipped_proxies() if arguments.proxies is None else read_all_proxies(arguments.proxies)
    everything = joined_score(table, scores)  # first: it refuses scores that lack networks
    numbers = cell_number(canonical_cells(truth.cells))
    signals: dict[str, FloatArray] = {}
    if arguments.scores is None:  # it has no vote, but users can search it alone
        alone = shipped_scores()
        signals["--accuracy supernet"] = by_cell_number(alone.cells, -alone.loss)
    # Supernets of a choice of networks order these alone: they show in the last row only.
    whole = [one for one in scores if not one.is_choice]
    for place, one in enumerate(whole, start=1):
        which = f" {place}" if len(whole) > 1 else ""
        if "split_edge" in one.header:
            which += f", edge {one.header['split_edge']},"
        signals[f"supernet{which} loss"] = by_cell_number(one.cells, -one.loss)
        signals[f"supernet{which} top-1"] = by_cell_number(one.cells, -one.top1_error)
    cells = table.cells
    for name, values in counted_proxies(cells).items():
        signals["FLOPs" if name == "flops" else name] = by_cell_number(cells, values)
    for name in MEASURED:
        signals[name] = by_cell_number(cells, table.mean(name))
    signals["vkdnw (layers, fisher)"] = by_cell_number(cells, vkdnw(table))
    if len(whole) > 1:
        joined = join_orders(supernet_signals(whole, cell_number(cells)))
        signals["supernets joined"] = by_cell_number(cells, joined)
    proxies_alone = join_orders(list(proxy_signals(table).values()))
    signals["proxies joined"] = by_cell_number(cells, proxies_alone)
    if whole and len(whole) < len(scores):
        signals["first round joined"] = by_cell_number(cells, joined_score(table, whole))
    signals["all joined"] = by_cell_number(cells, everything)
    rows = [rank_quality(name, values[numbers], truth) for name, values in signals.items()]
    console = output()
    console.print(
        plain_table(
            [
                {
                    "score": row.score,
                    "tau all": f"{row.tau_all:.3f}",
                    "connected": f"{row.tau_connected:.3f}",
                    f"top {TOP}": f"{row.tau_top:.3f}",
                    "Spearman": f"{row.spearman:.3f}",
                    f"best of {PICKS} picks, %": f"{row.best_of_picks:.2f}",
                }
                for row in rows
            ]
        )
    )
    console.print(
        f"Kendall's tau on {len(numbers)} cells, on the {int(truth.connected.sum())} connected "
        f"ones, among the {TOP} most accurate.\n"
        f"The best of these cells has {np.max(truth.accuracy):.2f} %."
    )
    return 0
