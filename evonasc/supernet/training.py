"""Training a supernet: some networks a step, as :mod:`evonasc.supernet.path_sampling` draws them.

Every random number of an epoch comes from ``(seed, epoch)``, and a checkpoint holds weights and
momentum at the end of an epoch, so a run that was stopped and resumed gives the same weights as
one that was not.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.arrays import IntArray
from evonasc.data.datasets import DataSet, is_same_data
from evonasc.data.images import Images
from evonasc.errors import ConfigError, EvaluationError, UnknownNameError
from evonasc.field_types import require_types
from evonasc.files import writing
from evonasc.limits import require_seed, require_workers
from evonasc.supernet.batches import augmented_batch
from evonasc.supernet.checkpoint import CHECKPOINT_FILE, load_checkpoint
from evonasc.supernet.family import Supernet, SupernetConfig, SupernetFamily
from evonasc.supernet.network_list import networks_digest, random_networks
from evonasc.supernet.path_sampling import UNIFORM, draw_paths, paths_a_step
from evonasc.supernet.quick_forward import chosen_device
from evonasc.supernet.scoring import score_networks
from evonasc.supernet.threads import has_fast_bf16, set_threads
from evonasc.supernet.training_state import (
    EpochLog,
    require_free,
    restarts_of,
    restore_state,
    save_state,
    write_log,
)
from evonasc.supernet.weights import TrainedSupernet, copy_weights

#: Networks, and held-out images at most, whose error is shown while a supernet trains.
_N_SHOWN, _MOST_SHOWN = 4, 500
#: Where weights may be trained: named, for they depend on it.
TRAINING_DEVICES = {"cpu": "the CPU", "cuda": "a CUDA device, or an error"}
#: Epochs at most: each has a line of the log.
_MOST_EPOCHS = 100_000


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides the weights; two runs with equal configs give equal weights."""

    #: Size of the supernet.
    supernet: SupernetConfig
    #: Name of the data set.
    data: str
    #: Training images held out to score networks on.
    n_validation: int = 5000
    #: Passes over the training part; the cosine schedule ends at 0 with the last one. A training
    #: that is finished goes on with a new cosine where it is asked for more.
    epochs: int = 60
    #: Images a path.
    batch_size: int = 128
    #: ``uniform``: one path a step, uniform over the distinct networks. ``fair``: as many paths a
    #: step as a gene has choices, each with images of its own, such that every gene takes every
    #: choice once.
    path_sampling: str = UNIFORM
    #: SHA-256 of the weight file whose weights the training starts from; empty for a fresh start.
    #: This and the next two are set by :func:`train_supernet`.
    start: str = ""
    #: Digest of the networks that paths are drawn from; empty for all.
    networks: str = ""
    #: SHA-256 of the images, where they are a folder of the user; else empty.
    images: str = ""
    #: First learning rate of the cosine schedule.
    learning_rate: float = 0.05
    #: Nesterov momentum.
    momentum: float = 0.9
    #: L2 penalty on the weights of convolutions and classifier.
    weight_decay: float = 3e-4
    #: Largest norm of the gradient.
    clip: float = 5.0
    #: bf16 autocast; None for what a training that goes on began with, else where it is the faster.
    is_bf16: bool | None = None
    #: Threads of torch: with another number sums are rounded otherwise.
    threads: int = 1
    #: ``cpu`` or ``cuda``. On a GPU sums are not of one order: a training that is stopped and goes
    #: on, or done again, gives other last digits, and in the end other weights.
    device: str = "cpu"
    #: Epochs after which the schedule began anew, since a finished training was given more; set by
    #: :func:`train_supernet`.
    restarts: tuple[int, ...] = ()
    #: Of weights, order of images, augmentation, sampled paths and the validation split.
    seed: int = 0
    #: Seed of the validation split where it is another: whoever starts from trained weights must
    #: hold out the images that they never saw.
    split: int | None = None

    def __post_init__(self) -> None:
        require_types(self)
        require_workers("threads", self.threads)
        if self.device not in TRAINING_DEVICES:
            raise UnknownNameError("device", self.device, TRAINING_DEVICES)
        for name in ("n_validation", "epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}.")
        if self.epochs > _MOST_EPOCHS:
            raise ConfigError(f"epochs must be at most {_MOST_EPOCHS}, got {self.epochs}.")
        if not 0 < self.learning_rate < math.inf:
            raise ConfigError(f"learning_rate must be positive, got {self.learning_rate}.")
        require_seed(self.seed)
        if self.networks and self.path_sampling != UNIFORM:
            raise ConfigError(
                f"path_sampling {self.path_sampling!r} draws from all networks, got a choice of "
                "them. Give 'uniform'."
            )

    def settled(self, begun: object = None) -> "TrainingConfig":
        """Return the same with the precision decided: that of a training that began, or of here."""
        if self.is_bf16 is not None:
            return self
        found = begun.get("is_bf16") if isinstance(begun, dict) else None
        is_fast = self.device == "cuda" or has_fast_bf16()
        return replace(self, is_bf16=found if isinstance(found, bool) else is_fast)


def train_supernet(
    config: TrainingConfig,
    data: DataSet,
    folder: Path,
    family: SupernetFamily,
    *,
    start: TrainedSupernet | None = None,
    networks: IntArray | None = None,
    on_step: Callable[[int, int], None] = lambda step, n_steps: None,
    on_epoch: Callable[[EpochLog], None] = lambda log: None,
) -> Supernet:
    """Train from the last checkpoint in ``folder``, or from the start, to ``config.epochs``.

    Writes ``checkpoint.safetensors`` and ``log.csv`` in ``folder`` after every epoch.

    Args:
        config: How to train; the digests of what follows are filled in.
        data: Its training part is used, nothing else.
        folder: Made if it does not exist.
        family: Makes the supernet.
        start: Whose weights to start from.
        networks: ``(n, n_operation_genes)`` canonical networks that paths are drawn from; all by
            default.
        on_step: Called with (steps done, steps in all).
        on_epoch: Called with each new line of the log.

    Raises:
        UnknownNameError: No such path sampling.
        ConfigError: The folder holds a checkpoint of another configuration or other images; images
            would be held out that the weights to start from have seen; or fair paths would be drawn
            from a choice of networks, or where they have no meaning.
        DataFileError: The checkpoint in the folder is damaged.
        EvaluationError: The training diverged.
    """
    space = family.space
    config = replace(
        config,
        start="" if start is None else start.digest,
        networks="" if networks is None else networks_digest(networks, space),
        images=data.digest,
    )
    images_a_step = config.batch_size * paths_a_step(config.path_sampling, space)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    set_threads(config.threads)
    device = chosen_device(config.device)
    supernet = family.initialise(config.supernet, seed=config.seed).to(device)
    if start is not None:
        _require_unseen(start, config)
        copy_weights(start.supernet, supernet)
    momenta = {name: torch.zeros_like(weight) for name, weight in supernet.named_parameters()}
    logs: list[EpochLog] = []
    path = folder / CHECKPOINT_FILE
    if path.exists():
        checkpoint = load_checkpoint(path)
        config = config.settled(checkpoint.header.get("config"))
        config = replace(config, restarts=restarts_of(checkpoint, config.epochs, where=path))
        logs = restore_state(checkpoint, asdict(config), supernet, momenta, where=path)
        write_log(folder, logs)  # whoever was stopped between the two has it one line behind
    else:
        config = config.settled()
        require_free(folder)

    n_steps = math.ceil(len(data.train) / images_a_step)
    for epoch in range(len(logs), config.epochs):
        started = time.perf_counter()
        rng = np.random.default_rng([config.seed, epoch])
        order = rng.permutation(len(data.train))
        losses, n_right = 0.0, 0
        for step in range(n_steps):
            rows = order[step * images_a_step : (step + 1) * images_a_step]
            images, labels = augmented_batch(
                data.train.take(rows), rng=rng, is_mirrored=data.is_mirrored
            )
            drawn = draw_paths(config.path_sampling, space, rng=rng, networks=networks).tolist()
            rate = learning_rate(config, epoch + step / n_steps)
            batch = images.to(device), labels.to(device)
            loss, right = weight_step(supernet, momenta, drawn, *batch, rate, config)
            losses += loss
            n_right += right
            on_step(epoch * n_steps + step + 1, config.epochs * n_steps)
        if not math.isfinite(losses):
            raise EvaluationError(
                f"The training diverged in epoch {epoch + 1}: the loss must be finite, got "
                f"{losses}. Try a learning_rate below {config.learning_rate}."
            )
        n, held_out = len(data.train), held_out_error(supernet, data.validation, networks)
        seconds = time.perf_counter() - started
        logs.append(EpochLog(epoch + 1, losses / n, n_right / n, held_out, rate, seconds))
        save_state(folder, asdict(config), supernet, momenta, logs)
        on_epoch(logs[-1])
    return supernet


def learning_rate(config: TrainingConfig, done: float) -> float:
    """Return the learning rate after so many epochs: a cosine to 0 at each restart and at the end.

    (Loshchilov and Hutter 2017, SGDR, arXiv 1608.03983, eq. 5.)
    """
    ends = (*config.restarts, config.epochs)
    end = next(one for one in ends if done < one)
    begin = max((one for one in config.restarts if one <= done), default=0)
    share = (done - begin) / (end - begin)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def held_out_error(supernet: Supernet, images: Images, networks: IntArray | None = None) -> float:
    """Return the mean top-1 error of a few networks on images that were held out, a fraction.

    The same networks and images each time; neither weights nor random numbers are touched.

    Args:
        supernet: In training.
        images: Held out; the first of them are taken.
        networks: ``(n, n_operation_genes)`` that the supernet is trained for; all by default.
    """
    rng = np.random.default_rng(0)
    if networks is None:
        shown = random_networks(supernet.space, _N_SHOWN, rng=rng)
    else:
        shown = networks[rng.permutation(len(networks))[:_N_SHOWN]]
    few = images.take(np.arange(min(len(images), _MOST_SHOWN)))
    _, n_right = score_networks(supernet, shown, few)
    return float(1 - n_right.mean() / len(few))


def _require_unseen(start: TrainedSupernet, config: TrainingConfig) -> None:
    """Refuse to hold out images that the weights to start from were trained on."""
    first = start.training.get("images", "")
    is_same = first == config.images != ""  # wherever their folder lies now
    if not is_same and not is_same_data(str(start.training.get("data")), config.data):
        return
    if first and config.images and not is_same:
        raise ConfigError(
            f"The images of {config.data!r} must be those that the supernet to start from was "
            "trained on, got others: some that would be held out it may have seen. Restore the "
            "images, or train without --start."
        )
    split = config.seed if config.split is None else config.split
    if (start.split_seed, start.training["n_validation"]) != (split, config.n_validation):
        raise ConfigError(
            f"The {config.n_validation} images held out by split {split} must be those that the "
            f"supernet to start from never saw: {start.training['n_validation']} of split "
            f"{start.split_seed}."
        )


def weight_step(
    supernet: Supernet,
    momenta: dict[str, Tensor],
    networks: list[list[int]],
    images: Tensor,
    labels: Tensor,
    rate: float,
    config: TrainingConfig,
) -> tuple[float, int]:
    """Do one SGD step on networks, each with an equal part of a batch of images ``(n, 3, h, w)``.

    Returns:
        The sum of the images' losses, and how many were classified right.
    """
    names, weights = zip(*supernet.named_parameters(), strict=True)
    gradients: dict[str, Tensor] = {}
    uses: dict[str, int] = {}
    losses, n_right = 0.0, 0
    parts = (images.chunk(len(networks)), labels.chunk(len(networks)))
    # The last step of an epoch may have too few images for all its networks.
    for network, x, truth in zip(networks, *parts, strict=False):
        with torch.autocast(x.device.type, torch.bfloat16, enabled=config.is_bf16 is True):
            logits = supernet(x, network).float()
        loss = nn.functional.cross_entropy(logits, truth)
        found = torch.autograd.grad(loss, weights, allow_unused=True)
        for name, part in zip(names, found, strict=True):
            if part is not None:
                gradients[name] = gradients[name] + part if name in gradients else part
                uses[name] = uses.get(name, 0) + 1
        losses += float(loss.detach()) * len(truth)
        n_right += int((logits.argmax(dim=1) == truth).sum())
    with torch.no_grad():
        # A weight moves along the mean over the paths that use it, so those of the stem and the
        # reductions do not move faster than those of an operation.
        for name, gradient in gradients.items():
            gradient.div_(uses[name])
        total = torch.stack([gradient.norm() for gradient in gradients.values()]).norm()
        shrink = min(config.clip / (float(total) + 1e-6), 1.0)
        # Plain SGD with Nesterov momentum, but only for the weights of these paths: torch.optim
        # would also skip those without a gradient, yet keeps its state where no checkpoint of
        # plain tensors can hold it.
        for name, weight in zip(names, weights, strict=True):
            if name not in gradients:
                continue
            gradient = gradients[name].mul_(shrink).add_(weight, alpha=config.weight_decay)
            momenta[name].mul_(config.momentum).add_(gradient)
            weight.sub_(gradient.add_(momenta[name], alpha=config.momentum), alpha=rate)
    return losses, n_right
