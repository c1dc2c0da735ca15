"""Making files the shipped ones; for developers of evonasc."""

import platform
from pathlib import Path

from evonasc.errors import ConfigError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.errors.proxies import PROXIES_ASSET
from evonasc.nasbench201.errors.supernet_scores import SCORES_ASSET
from evonasc.nasbench201.supernet import WEIGHTS_ASSET
from evonasc.supernet.checkpoint import load_checkpoint
from evonasc.supernet.proxy_table import ProxyTable, encode_proxies
from evonasc.supernet.score_table import ScoreTable, encode_scores
from evonasc.supernet.weights import half_precision


def ship_supernet(weights: Path, scores: ScoreTable) -> list[Path]:
    """Make weights and their scores the shipped ones.

    Raises:
        ConfigError: The scores are not complete, or the training began with other weights.
    """
    n_networks = len(canonical_connected_cells())
    if len(scores.networks) != n_networks:
        raise ConfigError(
            f"Scores must cover all {n_networks} networks, got {len(scores.networks)}."
        )
    checkpoint = load_checkpoint(weights)
    training, logs = checkpoint.header["config"], checkpoint.header.get("logs", [])
    seconds = sum(log["seconds"] for log in logs) if isinstance(logs, list) else 0.0
    assert isinstance(training, dict)
    if training.get("start") or training.get("networks"):
        raise ConfigError(
            "The shipped weights must be trained from the start and for all networks, for their "
            "command to say everything."
        )
    size = training["supernet"]
    train = (
        f"python -m evonasc supernet train --data {training['data']} --data-root DATA --out OUT "
        f"--epochs {training['epochs']} --batch-size {training['batch_size']} --learning-rate "
        f"{training['learning_rate']} --size channels={size['channels']} --size "
        f"cells_per_stage={size['cells_per_stage']} --validation {training['n_validation']} "
        f"--seed {training['seed']} --threads 1"
    )
    score = (
        "python -m evonasc supernet score --weights OUT/checkpoint.safetensors --data-root DATA "
        f"--images {scores.n_images} --out scores.npz --ship"
    )
    machine = f"{platform.machine()} CPU"
    return [
        ASSETS.write(
            WEIGHTS_ASSET,
            half_precision(checkpoint),
            command=train,
            note=f"Supernet weights, float16; trained in {seconds / 60:.0f} min on a {machine}, "
            "one thread, bf16 autocast.",
        ),
        ASSETS.write(
            SCORES_ASSET,
            encode_scores(scores),
            command=score,
            note=f"Loss and right answers of {len(scores.networks)} networks on {scores.n_images} "
            "held-out training images.",
        ),
    ]


def ship_proxies(table: ProxyTable, command: str) -> Path:
    """Make a table the shipped one, averaged over its repeats.

    Raises:
        ConfigError: The table is not complete.
    """
    n = len(canonical_connected_cells())
    if not table.is_complete or len(table.networks) != n:
        raise ConfigError(f"Proxies must cover all {n} networks in every repeat.")
    mean = ProxyTable(
        table.networks, table.values.mean(axis=0, keepdims=True), table.header, table.space
    )
    return ASSETS.write(
        PROXIES_ASSET,
        encode_proxies(mean),
        command=command,
        note=f"Training-free proxies of {n} networks on random images, mean of "
        f"{len(table.values)} random initialisations; {platform.machine()} CPU.",
    )
