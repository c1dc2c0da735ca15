"""Few-shot supernets: one gene split, so that its operations no longer share the other weights.

Networks that differ in an operation gene (the papers' edge) pull the weights that they share in
different directions. The networks are divided by their operation at one gene, and the supernet is
trained on, from the same weights, for each part alone; a network is scored by the supernet of its
part.

Reference: Zhao et al. 2021, "Few-shot Neural Architecture Search", ICML, arXiv 2006.06863, section
3; which gene to split by the disagreement of gradients: Hu et al. 2022, "Generalizing Few-Shot NAS
with Gradient Matching", ICLR, arXiv 2203.15207 (``benchmarks/edge_conflict.py`` measures it).
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from evonasc.data.datasets import DataSet
from evonasc.errors import ConfigError
from evonasc.files import write_atomically
from evonasc.supernet.checkpoint import CHECKPOINT_FILE
from evonasc.supernet.family import SupernetFamily
from evonasc.supernet.held_out import scoring_images, weights_sum
from evonasc.supernet.network_list import networks_digest, parts_of_gene
from evonasc.supernet.quick_forward import chosen_device
from evonasc.supernet.score_file import score_to_file, scores_header
from evonasc.supernet.score_table import ScoreTable, encode_scores, read_scores
from evonasc.supernet.training import TrainingConfig, train_supernet
from evonasc.supernet.training_state import EpochLog, read_epoch_logs
from evonasc.supernet.weights import TrainedSupernet, read_supernet


def train_few_shot(
    config: TrainingConfig,
    data: DataSet,
    folder: Path,
    family: SupernetFamily,
    *,
    gene: int,
    start: TrainedSupernet,
    on_step: Callable[[int, int], None] = lambda step, n_steps: None,
    on_epoch: Callable[[EpochLog, str], None] = lambda log, operation: None,
) -> None:
    """Train one supernet for each operation of a gene, in ``folder / operation``.

    Each as :func:`evonasc.supernet.training.train_supernet` does, going on where its folder stops.
    ``gene`` is the number of the operation gene to split. ``on_step`` counts the steps of all parts
    together; ``on_epoch`` is also told which operation a line of a log belongs to.
    """
    parts = parts_of_gene(gene, family)
    for place, (operation, networks) in enumerate(parts.items()):

        def count(step: int, n_steps: int, place: int = place) -> None:
            on_step(place * n_steps + step, len(parts) * n_steps)

        def report(log: EpochLog, operation: str = operation) -> None:
            on_epoch(log, operation)

        train_supernet(
            config,
            data,
            folder / operation,
            family,
            start=start,
            networks=networks,
            on_step=count,
            on_epoch=report,
        )


def is_few_shot(folder: Path, family: SupernetFamily) -> bool:
    """Whether a folder holds the supernets of a split gene."""
    return bool(_part_names(folder, family))


def _part_names(folder: Path, family: SupernetFamily) -> list[tuple[str, ...]]:
    """Return the names of all parts in a folder, for each kind of gene that has such parts."""
    genes = range(family.space.n_operation_genes)
    names = dict.fromkeys(family.choice_names(gene) for gene in genes)
    files = {parts: [folder / part / CHECKPOINT_FILE for part in parts] for parts in names}
    return [parts for parts in names if all(file.is_file() for file in files[parts])]


def score_few_shot(
    folder: Path,
    data_root: Path | None,
    out: Path,
    family: SupernetFamily,
    *,
    n_images: int | None,
    n_jobs: int,
    device: str = "cpu",
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ScoreTable:
    """Score every network by the supernet of its part, going on where it stopped.

    The supernets in the folder say which gene was split. Their scores are in files beside ``out``
    until all are done; all else is as in :func:`evonasc.supernet.score_file.score_to_file`.

    Raises:
        DataFileError: Weights, data or a started score file are missing or damaged.
        ConfigError: ``out`` belongs to other weights or images, or cannot be written; or the
            supernets are not those of one training with a split gene, all of its epochs done.
    """
    gene, supernets = _split_gene(folder, family)
    first = next(iter(supernets.values()))
    header: dict[str, object] = {
        **scores_header(first, device=chosen_device(device).type),
        "training": {**first.training, "networks": ""},
        "split_edge": gene,  # the name that score files know it by
        "weights_sum": sum(weights_sum(trained) for trained in supernets.values()),
    }
    if out.exists():
        done = read_scores(out, family.space)
        wanted = len(scoring_images(first, data_root, n_images=n_images))
        # files from before headers named the space stay valid
        if {"space": family.space.name, **done.header} != header or done.n_images != wanted:
            raise ConfigError(f"{out} belongs to other weights or images. Choose another --out.")
        return done
    parts = parts_of_gene(gene, family)
    n_all = sum(len(networks) for networks in parts.values())
    found: list[ScoreTable] = []

    def count(done: int, total: int) -> None:
        on_progress(sum(len(one.networks) for one in found) + done, n_all)

    for operation, networks in parts.items():
        one = score_to_file(
            folder / operation / CHECKPOINT_FILE,
            data_root,
            _part_file(out, operation),
            family,
            n_images=n_images,
            n_jobs=n_jobs,
            networks=networks,
            device=device,
            on_progress=count,
        )
        found.append(one)
    networks = np.concatenate([one.networks for one in found])
    order = np.argsort(family.space.numbers(networks))
    merged = replace(
        found[0],
        networks=networks[order],
        loss=np.concatenate([one.loss for one in found])[order],
        n_right=np.concatenate([one.n_right for one in found])[order],
        header=header,
    )
    write_atomically(out, encode_scores(merged))
    for operation in parts:
        _part_file(out, operation).unlink()
    return read_scores(out, family.space)


def _part_file(out: Path, operation: str) -> Path:
    """Return where the scores of a part are until all are done."""
    return out.with_name(f"{out.stem}-{operation}{out.suffix}")


def _split_gene(where: Path, family: SupernetFamily) -> tuple[int, dict[str, TrainedSupernet]]:
    """Return the gene whose parts a folder's supernets were trained for, and these by operation."""
    for names in _part_names(where, family):
        supernets = {name: read_supernet(where / name / CHECKPOINT_FILE, family) for name in names}
        gene = _trained_gene(supernets, family, where=where)
        if gene is not None:
            return gene, supernets
    raise ConfigError(
        f"{where} must hold one supernet for each operation of one gene, trained alike. Make them "
        "with: evonasc supernet train --split-edge GENE"
    )


def _trained_gene(
    supernets: dict[str, TrainedSupernet], family: SupernetFamily, *, where: Path
) -> int | None:
    """Return the gene whose parts supernets were trained for, alike; None where there is none."""
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
    for gene in range(family.space.n_operation_genes):
        parts = parts_of_gene(gene, family)
        is_this = found == {name: networks_digest(one, family.space) for name, one in parts.items()}
        if is_this and all(other == first for other in others):
            return gene
    return None
