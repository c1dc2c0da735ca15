"""How well every signal, and all joined, order the benchmark's cells: the rows of a table."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.nasbench201.cells import canonical_cells, cell_number
from evonasc.nasbench201.errors.front_share import TrueFronts
from evonasc.nasbench201.errors.joined import (
    joined_score,
    proxy_signals,
    shipped_votes,
    supernet_signals,
)
from evonasc.nasbench201.errors.proxies import (
    by_cell_number,
    counted_proxies,
    shipped_proxies,
    vkdnw,
)
from evonasc.nasbench201.errors.rank import PICKS, TOP, rank_quality, read_truth
from evonasc.nasbench201.errors.supernet_scores import shipped_scores
from evonasc.nasbench201.space import NasBench201
from evonasc.supernet.proxy_table import MEASURED, read_all_proxies
from evonasc.supernet.rank_aggregation import join_orders
from evonasc.supernet.score_table import read_scores


def rank_table(
    measurements: Path, scores_files: Sequence[Path], proxies: Path | None
) -> tuple[list[dict[str, str]], str]:
    """Return one row a signal, and a sentence below the table.

    Truth: :func:`evonasc.nasbench201.errors.rank.read_truth`. No files: the shipped ones.

    Raises:
        DataFileError: A file cannot be read.
        ConfigError: Scores or proxies lack networks.
    """
    space = NasBench201()
    truth = read_truth(measurements)
    scores = [read_scores(path, space) for path in scores_files] or list(shipped_votes())
    table = shipped_proxies() if proxies is None else read_all_proxies(proxies, space)
    everything = joined_score(table, scores)  # first: it refuses scores that lack networks
    numbers = cell_number(canonical_cells(truth.cells))
    signals: dict[str, FloatArray] = {}
    if not scores_files:  # it has no vote, but users can search it alone
        alone = shipped_scores()
        signals["--accuracy supernet"] = by_cell_number(alone.networks, -alone.loss)
    # Supernets of a choice of networks order these alone: they show in the last row only.
    whole = [one for one in scores if not one.is_choice]
    for place, one in enumerate(whole, start=1):
        which = f" {place}" if len(whole) > 1 else ""
        if "split_edge" in one.header:
            which += f", edge {one.header['split_edge']},"
        signals[f"supernet{which} loss"] = by_cell_number(one.networks, -one.loss)
        signals[f"supernet{which} top-1"] = by_cell_number(one.networks, -one.top1_error)
    cells = table.networks
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
    fronts = TrueFronts(truth)
    rows = [rank_quality(name, values[numbers], truth) for name, values in signals.items()]
    worth = [fronts.quality(values[numbers]) for values in signals.values()]
    shown = [
        {
            "score": row.score,
            "tau all": f"{row.tau_all:.3f}",
            "connected": f"{row.tau_connected:.3f}",
            f"top {TOP}": f"{row.tau_top:.3f}",
            "Spearman": f"{row.spearman:.3f}",
            f"best of {PICKS}": f"{row.best_of_picks:.2f}",
            "front, %": f"{100 * front.shares.mean():.1f}",
            "least": f"{100 * front.shares.min():.1f}",
            "off": f"{100 * front.gaps.max():.2f}",
        }
        for row, front in zip(rows, worth, strict=True)
    ]
    note = (
        f"Kendall's tau on {len(numbers)} cells, on the {int(truth.connected.sum())} connected "
        f"ones, among the {TOP} most accurate;\n"
        f"the highest accuracy among the {PICKS} that a score puts first, percent.\n"
        f"Front: hypervolume in truth of the front by a score among the {len(fronts.errors)} "
        f"networks, mean and least of\n{len(fronts.latencies)} scenarios; off: how far its most "
        "accurate design is from the best, points, at most.\n"
        f"The best of these cells has {np.max(truth.accuracy):.2f} %."
    )
    return shown, note
