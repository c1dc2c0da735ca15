"""Training the supernet: one path a step, drawn uniformly over the networks of the space.

Every random number of an epoch comes from ``(seed, epoch)``, and a checkpoint holds weights and
momentum at the end of an epoch, so a run that was stopped and resumed gives the same weights as
one that was not.

Reference: Guo et al. 2020 (single path, uniform sampling), arXiv 1904.00420. Sampling covers the
canonical connected cells, so no network is drawn more often for having many spellings.
"""

import csv
import io
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.accuracy.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from evonasc.accuracy.datasets import DataSet, Images
from evonasc.accuracy.supernet import Supernet, SupernetConfig, initialise
from evonasc.errors import ConfigError, DataFileError, EvaluationError
from evonasc.files import write_atomically
from evonasc.space.nasbench201 import canonical_connected_cells

CHECKPOINT_FILE = "checkpoint.safetensors"
LOG_FILE = "log.csv"


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides the weights; two runs with equal configs give equal weights."""

    #: Size of the supernet.
    supernet: SupernetConfig = field(default_factory=SupernetConfig)
    #: Name of the data set.
    data: str = "cifar10"
    #: Training images held out to score networks on.
    n_validation: int = 5000
    #: Passes over the training part; the cosine schedule ends at 0 with the last one.
    epochs: int = 60
    #: Images a step.
    batch_size: int = 128
    #: First learning rate of the cosine schedule.
    learning_rate: float = 0.05
    #: Nesterov momentum.
    momentum: float = 0.9
    #: L2 penalty on the weights of convolutions and classifier.
    weight_decay: float = 3e-4
    #: Largest norm of the gradient.
    clip: float = 5.0
    #: bf16 autocast; off for exact comparisons.
    is_bf16: bool = True
    #: Of weights, order of images, augmentation, sampled paths and the validation split.
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_validation", "epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}.")
        if not 0 < self.learning_rate < math.inf:
            raise ConfigError(f"learning_rate must be positive, got {self.learning_rate}.")
        if self.seed < 0:
            raise ConfigError(f"seed must be at least 0, got {self.seed}.")


@dataclass(frozen=True)
class EpochLog:
    """One line of the training log."""

    #: Epochs done, from 1.
    epoch: int
    #: Mean training loss of the epoch's sampled paths.
    train_loss: float
    #: Share of training images classified right by the sampled paths.
    train_accuracy: float
    #: Learning rate at the epoch's end.
    learning_rate: float
    #: Wall time of the epoch.
    seconds: float


def train_supernet(
    config: TrainingConfig,
    data: DataSet,
    folder: Path,
    *,
    on_step: Callable[[int, int], None] = lambda step, n_steps: None,
    on_epoch: Callable[[EpochLog], None] = lambda log: None,
) -> Supernet:
    """Train from the last checkpoint in ``folder``, or from the start, to ``config.epochs``.

    Writes ``checkpoint.safetensors`` and ``log.csv`` in ``folder`` after every epoch.

    Args:
        config: What to train and how.
        data: Its training part is used, nothing else.
        folder: Made if it does not exist.
        on_step: Called with (steps done, steps in all).
        on_epoch: Called with each new line of the log.

    Returns:
        The trained supernet.

    Raises:
        ConfigError: The folder holds a checkpoint of another configuration.
        DataFileError: The checkpoint in the folder is damaged.
        EvaluationError: The training diverged.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"Cannot make the folder {folder}: {error.strerror}.") from error
    supernet = initialise(config.supernet, seed=config.seed)
    momenta = {name: torch.zeros_like(weight) for name, weight in supernet.named_parameters()}
    logs: list[EpochLog] = []
    path = folder / CHECKPOINT_FILE
    if path.exists():
        logs = _restore(load_checkpoint(path), config, supernet, momenta, where=path)

    n_steps = math.ceil(len(data.train) / config.batch_size)
    for epoch in range(len(logs), config.epochs):
        started = time.perf_counter()
        rng = np.random.default_rng([config.seed, epoch])
        order, cells = rng.permutation(len(data.train)), canonical_connected_cells()
        losses, n_right = 0.0, 0
        for step in range(n_steps):
            rows = order[step * config.batch_size : (step + 1) * config.batch_size]
            images, labels = augmented_batch(data.train.take(rows), rng=rng)
            cell = cells[rng.integers(len(cells))].tolist()
            done = epoch + step / n_steps
            rate = config.learning_rate * 0.5 * (1 + math.cos(math.pi * done / config.epochs))
            loss, right = _step(supernet, momenta, images, labels, cell, rate, config)
            losses += loss * len(rows)
            n_right += right
            on_step(epoch * n_steps + step + 1, config.epochs * n_steps)
        if not math.isfinite(losses):
            raise EvaluationError(
                f"The training diverged in epoch {epoch + 1}: the loss must be finite, got "
                f"{losses}. Try a learning_rate below {config.learning_rate}."
            )
        seconds = time.perf_counter() - started
        n = len(data.train)
        logs.append(EpochLog(epoch + 1, losses / n, n_right / n, rate, seconds))
        _save(folder, config, supernet, momenta, logs)
        on_epoch(logs[-1])
    return supernet


def set_threads(n_threads: int) -> None:
    """Let torch compute with that many threads from now on.

    Raises:
        ConfigError: Less than one.
    """
    if n_threads < 1:
        raise ConfigError(f"threads must be at least 1, got {n_threads}.")
    torch.set_num_threads(n_threads)


def augmented_batch(images: Images, *, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return a training batch ``(n, 3, h, w)``: shifted by up to 4 pixels, mirrored by chance."""
    n, _, height, width = images.pixels.shape
    padded = np.pad(images.pixels, ((0, 0), (0, 0), (4, 4), (4, 4)))
    tops, lefts = rng.integers(0, 9, size=(2, n))
    rows = tops[:, None, None] + np.arange(height)[None, :, None]
    columns = np.broadcast_to(np.arange(width), (n, width)).copy()
    mirrored = rng.random(n) < 0.5
    columns[mirrored] = columns[mirrored, ::-1]
    columns = lefts[:, None, None] + columns[:, None, :]
    # Advanced indices around the channel slice put it last: (n, h, w, 3).
    shifted = padded[np.arange(n)[:, None, None], :, rows, columns].transpose(0, 3, 1, 2)
    return as_input(np.ascontiguousarray(shifted)), torch.from_numpy(images.labels)


def as_input(pixels: np.ndarray) -> Tensor:
    """Map uint8 pixels ``(n, 3, h, w)`` to about zero mean and unit variance, channels last."""
    # One mean and scale for all channels: the stem's normalisation does the rest, and the same
    # numbers serve any user's images.
    scaled = (torch.from_numpy(pixels).float() - 121.0) / 64.0
    return scaled.contiguous(memory_format=torch.channels_last)


def _step(
    supernet: Supernet,
    momenta: dict[str, Tensor],
    images: Tensor,
    labels: Tensor,
    cell: list[int],
    rate: float,
    config: TrainingConfig,
) -> tuple[float, int]:
    """Do one SGD step on one path; return its loss and the images it got right."""
    with torch.autocast("cpu", torch.bfloat16, enabled=config.is_bf16):
        scores = supernet(images, cell).float()
    loss = nn.functional.cross_entropy(scores, labels)
    supernet.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch's stubs
    used = {name: w for name, w in supernet.named_parameters() if w.grad is not None}
    nn.utils.clip_grad_norm_(used.values(), config.clip)
    with torch.no_grad():
        # Plain SGD with Nesterov momentum, but only for the weights of this path: torch.optim
        # would also skip those without a gradient, yet keeps its state where no checkpoint of
        # plain tensors can hold it.
        for name, weight in used.items():
            assert weight.grad is not None
            gradient = weight.grad.add(weight, alpha=config.weight_decay)
            momenta[name].mul_(config.momentum).add_(gradient)
            weight.sub_(gradient.add_(momenta[name], alpha=config.momentum), alpha=rate)
    return float(loss.detach()), int((scores.argmax(dim=1) == labels).sum())


def _save(
    folder: Path,
    config: TrainingConfig,
    supernet: Supernet,
    momenta: dict[str, Tensor],
    logs: list[EpochLog],
) -> None:
    """Write checkpoint and log after an epoch."""
    tensors = {f"weight.{name}": w.detach() for name, w in supernet.named_parameters()}
    tensors |= {f"momentum.{name}": momentum for name, momentum in momenta.items()}
    header: dict[str, object] = {"config": asdict(config), "logs": [asdict(log) for log in logs]}
    save_checkpoint(folder / CHECKPOINT_FILE, Checkpoint(tensors, header))
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(asdict(logs[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(log) for log in logs)
    write_atomically(folder / LOG_FILE, text.getvalue().encode())


def _restore(
    checkpoint: Checkpoint,
    config: TrainingConfig,
    supernet: Supernet,
    momenta: dict[str, Tensor],
    *,
    where: Path,
) -> list[EpochLog]:
    """Put a checkpoint's tensors in place and return its log."""
    found, wanted = checkpoint.header.get("config"), json.loads(json.dumps(asdict(config)))
    if found != wanted:
        raise ConfigError(
            f"{where} belongs to another configuration: {_difference(found, wanted)}. "
            "Choose another --out, or the same settings."
        )
    lines = checkpoint.header.get("logs")
    try:
        with torch.no_grad():
            for name, weight in supernet.named_parameters():
                weight.copy_(checkpoint.tensors[f"weight.{name}"])
                momenta[name].copy_(checkpoint.tensors[f"momentum.{name}"])
        return [EpochLog(**line) for line in lines]  # type: ignore[attr-defined]  # or TypeError
    except (KeyError, RuntimeError, TypeError) as error:
        raise DataFileError(f"{where} is a damaged checkpoint ({error}).") from error


def _difference(found: object, wanted: dict[str, object]) -> str:
    """Name the settings in which two configurations differ."""
    if not isinstance(found, dict):
        return "it has none"
    names = [name for name in wanted if found.get(name) != wanted[name]]
    return ", ".join(f"{name} is {found.get(name)!r}, not {wanted[name]!r}" for name in names)
