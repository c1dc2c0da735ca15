"""Few-shot supernets: one edge split, so that its operations no longer share the other weights.

Networks that differ on an edge pull the weights that they share in different directions. The
networks are divided by their operation on one edge, and the supernet is trained on, from the same
weights, for each part alone; a network is scored by the supernet of its part.

Reference: Zhao et al. 2021, "Few-shot Neural Architecture Search", ICML, arXiv 2006.06863, section
3; which edge to split by the disagreement of gradients: Hu et al. 2022, "Generalizing Few-Shot NAS
with Gradient Matching", ICLR, arXiv 2203.15207 (``benchmarks/edge_conflict.py`` measures it).
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from evonasc.data.datasets import DataSet
from evonasc.errors import ConfigError
from evonasc.files import write_atomically
from evonasc.nasbench201.cells import EDGES, OPERATIONS, cell_number
from evonasc.supernet.checkpoint import CHECKPOINT_FILE
from evonasc.supernet.live import scoring_images, weights_sum
from evonasc.supernet.network_list import networks_digest, parts_of_edge
from evonasc.supernet.score_file import score_to_file, scores_header
from evonasc.supernet.scores import SupernetScores, encode_scores, read_scores
from evonasc.supernet.training import TrainingConfig, train_supernet
from evonasc.supernet.training_log import EpochLog, read_epoch_logs
from evonasc.supernet.weights import TrainedSupernet, read_supernet


def train_few_shot(
    config: TrainingConfig,
    data: DataSet,
    folder: Path,
    *,
    edge: int,
    start: TrainedSupernet,
    on_step: Callable[[int, int], None] = lambda step, n_steps: None,
    on_epoch: Callable[[EpochLog, str], None] = lambda log, operation: None,
) -> None:
    """Train one supernet for each operation of an edge, in ``folder / operation``.

    Each goes on where its folder stops, see :func:`evonasc.supernet.training.train_supernet`.

    Args:
        config: How to train each of them; its networks are set here.
        data: Its training part is used, nothing else.
        folder: Made if it does not exist.
        edge: Number of the edge to split.
        start: Whose weights all of them start from.
        on_step: Called with (steps done, steps in all) of all parts together.
        on_epoch: Called with each new line of a log and the operation it belongs to.

    Raises:
        ConfigError, DataFileError, EvaluationError: As ``train_supernet`` does.
    """
    parts = parts_of_edge(edge)
    for place, (operation, networks) in enumerate(parts.items()):

        def count(step: int, n_steps: int, place: int = place) -> None:
            on_step(place * n_steps + step, len(parts) * n_steps)

        def report(log: EpochLog, operation: str = operation) -> None:
            on_epoch(log, operation)

        train_supernet(
            replace(config, networks=networks_digest(networks)),
            data,
            folder / operation,
            start=start,
            networks=networks,
            on_step=count,
            on_epoch=report,
        )


def is_few_shot(folder: Path) -> bool:
    """Whether a folder holds the supernets of a split edge."""
    return all((folder / operation / CHECKPOINT_FILE).is_file() for operation in OPERATIONS)


def score_few_shot(
    folder: Path,
    data_root: Path | None,
    out: Path,
    *,
    n_images: int | None,
    n_jobs: int,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> SupernetScores:
    """Score every network by the supernet of its part, going on where it stopped.

    Args:
        folder: Of the supernets; they say which edge was split.
        data_root: Folder with the files of the supernets' data set, where it needs one.
        out: Score file; the parts are in files beside it until all are done.
        n_images: Held-out training images to score on; by default all, but no more than 1,000.
        n_jobs: Worker processes, one thread each.
        on_progress: Called with (networks done, networks in all).

    Raises:
        DataFileError: Weights, data or a started score file are missing or damaged.
        ConfigError: ``out`` belongs to other weights or images, or cannot be written; or the
            supernets are not those of one training with a split edge, all of its epochs done.
    """
    supernets = {name: read_supernet(folder / name / CHECKPOINT_FILE) for name in OPERATIONS}
    edge = _split_edge(supernets, where=folder)
    header: dict[str, object] = {
        **scores_header(supernets[OPERATIONS[0]]),
        "training": {**supernets[OPERATIONS[0]].training, "networks": ""},
        "split_edge": edge,
        "weights_sum": sum(weights_sum(trained) for trained in supernets.values()),
    }
    if out.exists():
        done = read_scores(out)
        wanted = len(scoring_images(supernets[OPERATIONS[0]], data_root, n_images=n_images))
        if done.header != header or done.n_images != wanted:
            raise ConfigError(f"{out} belongs to other weights or images. Choose another --out.")
        return done
    parts = parts_of_edge(edge)
    n_all = sum(len(networks) for networks in parts.values())
    found: list[SupernetScores] = []
    for operation, networks in parts.items():
        n_before = sum(len(one.cells) for one in found)

        def count(done: int, total: int, n_before: int = n_before) -> None:
            on_progress(n_before + done, n_all)

        one = score_to_file(
            folder / operation / CHECKPOINT_FILE,
            data_root,
            _part_file(out, operation),
            n_images=n_images,
            n_jobs=n_jobs,
            networks=networks,
            on_progress=count,
        )
        found.append(one)
    cells = np.concatenate([one.cells for one in found])
    order = np.argsort(cell_number(cells))
    merged = SupernetScores(
        cells=cells[order],
        loss=np.concatenate([one.loss for one in found])[order],
        n_right=np.concatenate([one.n_right for one in found])[order],
        n_images=found[0].n_images,
        header=header,
    )
    write_atomically(out, encode_scores(merged))
    for operation in parts:
        _part_file(out, operation).unlink()
    return read_scores(out)


def _part_file(out: Path, operation: str) -> Path:
    """Return where the scores of a part are until all are done."""
    return out.with_name(f"{out.stem}-{operation}{out.suffix}")


def _split_edge(supernets: dict[str, TrainedSupernet], *, where: Path) -> int:
    """Return the edge whose parts the supernets were trained for.

    Raises:
        ConfigError: They are not of one training with a split edge, or it is not finished.
    """
    for name, trained in supernets.items():
        path = where / name / CHECKPOINT_FILE
        n_done = len(read_epoch_logs(path))
        n_epochs = trained.training.get("epochs")
        if n_done != n_epochs:
            raise ConfigError(
                f"{path} must have all of its {n_epochs} epochs, got {n_done}. Finish it "
                "with the command that began it."
            )
    found = {name: trained.training.get("networks") for name, trained in supernets.items()}
    free = {"networks": "", "images": ""}
    digests = {str(trained.training.get("images", "")) for trained in supernets.values()}
    if len(digests) == 1 and "" not in digests:
        free["data"] = ""  # their folder moved between two parts
    elif len(digests - {""}) > 1:
        raise ConfigError(
            f"{where} must hold supernets that were trained on the same images, got some trained "
            "on others. Train those on other images again, or all into another folder."
        )
    first, *others = ({**trained.training, **free} for trained in supernets.values())
    for edge in range(len(EDGES)):
        parts = parts_of_edge(edge)
        is_this = found == {name: networks_digest(cells) for name, cells in parts.items()}
        if is_this and all(other == first for other in others):
            return edge
    raise ConfigError(
        f"{where} must hold one supernet for each operation of one edge, trained alike. Make them "
        "with: evonasc supernet train --split-edge EDGE"
    )
