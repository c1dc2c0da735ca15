"""Shared weights that are trained while a search goes on, and what networks lose with them now.

The training images are cut in halves: weights learn from the first, a search learns from the
second, batch by batch, and the validation images that were held out before tell at the end how
wrong a network is. That is the protocol of Akimoto et al. 2019, "Adaptive Stochastic Natural
Gradient Method for One-Shot Neural Architecture Search", ICML, arXiv 1905.08537 (authors' code),
and of Dong and Yang 2019, GDAS, arXiv 1910.04465; the step on the weights is
:func:`evonasc.supernet.training.weight_step`.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.arrays import FloatArray, IntArray, State, rng_state, set_rng_state
from evonasc.data.datasets import DataSet, is_large, load_data
from evonasc.data.images import Images
from evonasc.errors import ConfigError, EvaluationError
from evonasc.space import DesignSpace
from evonasc.supernet.batches import as_input, augmented_batch
from evonasc.supernet.family import Supernet, SupernetFamily
from evonasc.supernet.live_options import CotrainedOptions
from evonasc.supernet.network_list import require_space
from evonasc.supernet.quick_forward import chosen_device
from evonasc.supernet.scoring import score_networks
from evonasc.supernet.shared_state import StateFile, part, prefixed
from evonasc.supernet.threads import set_threads
from evonasc.supernet.training import TrainingConfig, weight_step

#: Held-out images that tell a network's error, at most.
_MOST_IMAGES = 1000
#: Streams of random numbers that one seed gives.
_HALVES, _TRAINING, _SEARCH = 0, 1, 2


def cotraining_config(
    data: DataSet, family: SupernetFamily, *, seed: int, device: str = "cpu"
) -> TrainingConfig:
    """Return the settings of weights that train during a search on ``data``.

    The supernet has its family's sizes for a set as large as this one; batches of 64 images. A
    large set is passed many times, and takes a rate between that of the supernets that are trained
    for themselves and the authors' 0.025; searches on small ones end after some hundred steps.
    """
    return TrainingConfig(
        supernet=family.make_config(data.n_classes, is_large=is_large(data)),
        data=data.name,
        n_validation=len(data.validation),
        batch_size=64,
        learning_rate=0.05 if is_large(data) else 0.2,
        seed=seed,
        device=device,
    )


@dataclass(frozen=True)
class BatchLoss:
    """What one network made of one batch."""

    #: Mean cross-entropy, nats.
    loss: float
    #: Share of the batch classified wrong.
    error: float


class SharedWeights:
    """A supernet in training; also the source of a problem's error, by the weights of the moment.

    The error of a network is the share of the held-out validation images that it classifies wrong.

    Args:
        data: Its training images are halved; its test images are not touched.
        config: Size of the supernet, batches, step of the weights. Its epochs do not matter.
        family: Makes the supernet.

    Raises:
        ConfigError: Too few training images for two halves.
    """

    def __init__(self, data: DataSet, config: TrainingConfig, family: SupernetFamily) -> None:
        if len(data.train) < 4:
            raise ConfigError(
                f"Co-training needs at least 4 training images for two halves, got "
                f"{len(data.train)}. Hold fewer images out, or bring more."
            )
        self.config, self._data, self._family = config.settled(), data, family
        self._device = torch.device(config.device)
        self._file: StateFile | None = None
        n_images = min(len(data.validation), _MOST_IMAGES)
        self._held_out = data.validation.take(np.arange(n_images))
        self.provenance = (
            f"error: share of {n_images} held-out training images of {data.name} classified wrong "
            "by the supernet that this search trained. It is not the accuracy of a network trained "
            "alone."
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything learnt: the weights are those of the seed again."""
        config, train = self.config, self._data.train
        made = self._family.initialise(config.supernet, seed=config.seed)
        self.supernet: Supernet = made.to(self._device)
        self._momenta = {
            name: torch.zeros_like(weight) for name, weight in self.supernet.named_parameters()
        }
        order = np.random.default_rng([config.seed, _HALVES]).permutation(len(train))
        half = len(train) // 2
        self._rng = np.random.default_rng([config.seed, _TRAINING])
        search_rng = np.random.default_rng([config.seed, _SEARCH])
        self._batches = _Batches(train.take(order[:half]), config.batch_size, self._rng)
        self._search_batches = _Batches(train.take(order[half:]), config.batch_size, search_rng)
        self._known: dict[int, float] = {}

    def keep_in(self, path: Path) -> None:
        """Keep what :meth:`keep` is given in a file from now on, and go on from what is there."""
        self._file = StateFile(path)

    def keep(self, search: Callable[[], State], settings: dict[str, Any]) -> None:
        """Write where the weights and the search that trains them stand; nothing without a file.

        Args:
            search: Gives the state of the search.
            settings: Of the search, as JSON can hold them.

        Raises:
            ConfigError: The file cannot be written.
        """
        if self._file is not None:
            state = prefixed("weights", self._state()) | prefixed("search", search())
            self._file.write(state, self._settings(settings))

    def go_on(self, settings: dict[str, Any], restore: Callable[[State], None]) -> None:
        """Take the weights, and the search, where they were kept; nothing where none is.

        Args:
            settings: Of the search.
            restore: Takes the state of the search; may raise ValueError or KeyError for one that
                does not fit.

        Raises:
            ConfigError: What is kept belongs to another run.
            DataFileError: It is damaged.
        """
        state = None if self._file is None else self._file.read(self._settings(settings))
        if state is None or self._file is None:
            return
        try:
            self._restore(part("weights", state))
            restore(part("search", state))
        except (ValueError, KeyError, IndexError, RuntimeError, TypeError) as error:
            raise self._file.damaged(error) from error

    def _settings(self, search: dict[str, Any]) -> dict[str, Any]:
        """Return what a state belongs to."""
        return {"training": asdict(self.config), "images": self._data.digest, "search": search}

    def _state(self) -> State:
        """Return where weights and batches stand."""
        weights = {name: weight.detach() for name, weight in self.supernet.named_parameters()}
        return (
            prefixed("weight", {name: w.cpu().numpy() for name, w in weights.items()})
            | prefixed("momentum", {name: m.cpu().numpy() for name, m in self._momenta.items()})
            | prefixed("training", self._batches.state())
            | prefixed("search", self._search_batches.state())
        )

    def _restore(self, state: State) -> None:
        """Be where a state was; see :meth:`go_on`."""
        weights, momenta = part("weight", state), part("momentum", state)
        with torch.no_grad():
            for name, weight in self.supernet.named_parameters():
                for target, found in (
                    (weight, weights[name]),
                    (self._momenta[name], momenta[name]),
                ):
                    if found.shape != tuple(target.shape):
                        raise ValueError(f"{name} must be {tuple(target.shape)}, got {found.shape}")
                    target.copy_(torch.from_numpy(found))
        self._batches.restore(part("training", state))
        self._search_batches.restore(part("search", state))
        self._known.clear()

    def train(
        self, networks: IntArray, *, progress: float, is_whole_batch: bool = False
    ) -> BatchLoss:
        """Do one step of the weights on a batch of the first half.

        Networks are ``(n, n_operation_genes)``, connected; each gets an equal part of the batch, or
        the whole of it, so that the step follows the mean of their losses. The rate falls as a
        cosine with the progress, the share of all steps done before, in [0, 1).

        Raises:
            EvaluationError: The training diverged.
        """
        config = self.config
        images, labels = augmented_batch(
            self._batches.next(), rng=self._rng, is_mirrored=self._data.is_mirrored
        )
        if is_whole_batch and len(networks) > 1:
            images, labels = images.repeat(len(networks), 1, 1, 1), labels.repeat(len(networks))
        n = len(labels)
        rate = config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
        losses, n_right = weight_step(
            self.supernet,
            self._momenta,
            networks.tolist(),
            images.to(self._device),
            labels.to(self._device),
            rate,
            config,
        )
        self._known.clear()
        if not math.isfinite(losses):
            raise EvaluationError(
                f"The training of the shared weights diverged: the loss must be finite, got "
                f"{losses}. Try another --seed."
            )
        return BatchLoss(losses / n, 1 - n_right / n)

    def search_batch(self) -> tuple[Tensor, Tensor]:
        """Return the next batch of the second half: input ``(n, 3, h, w)`` and labels ``(n,)``."""
        images = self._search_batches.next()
        pixels, labels = as_input(images.pixels), torch.from_numpy(images.labels)
        return pixels.to(self._device), labels.to(self._device)

    def batch_losses(self, networks: IntArray) -> list[BatchLoss]:
        """Return what each of the networks makes of the next batch of the second half.

        One forward pass a network, without gradient; all see the same images.
        """
        images, labels = self.search_batch()
        found = []
        with torch.inference_mode():
            for network in networks.tolist():
                with self.autocast():
                    logits = self.supernet(images, network)
                found.append(batch_loss(logits.float(), labels)[1])
        return found

    def autocast(self) -> torch.autocast:
        """Return the context that passes are computed in."""
        is_on = self.config.is_bf16 is True
        return torch.autocast(self._device.type, torch.bfloat16, enabled=is_on)

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """Return the error of canonical designs with the weights as they are now, ``(n,)``."""
        require_space(designs, self._family.space)
        networks = designs.operations(genes)
        numbers: list[int] = self._family.space.numbers(networks).tolist()
        new = {number: row for row, number in enumerate(numbers) if number not in self._known}
        if new:
            _, n_right = score_networks(
                self.supernet,
                networks[list(new.values())],
                self._held_out,
                is_bf16=self.config.is_bf16 is True,
            )
            errors = (1 - n_right / len(self._held_out)).tolist()
            self._known.update(zip(new, errors, strict=True))
        return np.array([self._known[number] for number in numbers])


def batch_loss(logits: Tensor, labels: Tensor) -> tuple[Tensor, BatchLoss]:
    """Return the mean cross-entropy of class logits ``(n, n_classes)``, and it in numbers."""
    loss = nn.functional.cross_entropy(logits, labels)
    error = float((logits.argmax(dim=1) != labels).float().mean())
    return loss, BatchLoss(float(loss.detach()), error)


def cotrained_weights(
    options: CotrainedOptions, family: SupernetFamily, *, seed: int
) -> SharedWeights:
    """Return weights for a search to train; the seed is that of weights, halves and batches.

    Raises:
        ConfigError: No data set is named, or it cannot be halved.
        DataFileError: It cannot be read.
    """
    if options.data is None:
        raise ConfigError(
            "accuracy 'cotrained' needs images to train on. Name the data set: --data digits, or "
            "--data cifar10 --data-root DATA."
        )
    set_threads(options.threads)
    data = load_data(options.data, options.data_root, seed=seed)
    device = chosen_device(options.device).type
    return SharedWeights(data, cotraining_config(data, family, seed=seed, device=device), family)


class _Batches:
    """Images in batches, in a new order each time they have all been seen."""

    def __init__(self, images: Images, size: int, rng: np.random.Generator) -> None:
        self._images, self._rng = images, rng
        self._size = min(size, len(images))
        self._order = rng.permutation(len(images))
        self._place = 0

    def next(self) -> Images:
        """Return the next batch; what is left of an order and fills none is left out."""
        if self._place + self._size > len(self._images):
            self._order, self._place = self._rng.permutation(len(self._images)), 0
        rows = self._order[self._place : self._place + self._size]
        self._place += self._size
        return self._images.take(rows)

    def state(self) -> State:
        """Return the order of the images, the place in it, and where the generator is."""
        place = np.array([self._place], dtype=np.int64)
        return {"order": self._order.copy(), "place": place, "rng": rng_state(self._rng)}

    def restore(self, state: State) -> None:
        """Be where a state was.

        Raises:
            ValueError: It is of other images.
        """
        order, place = state["order"], int(state["place"][0])
        if not np.array_equal(np.sort(order), np.arange(len(self._images))) or place < 0:
            raise ValueError(f"its order must be of {len(self._images)} images")
        self._order, self._place = order.astype(np.int64), place
        set_rng_state(self._rng, state["rng"].astype(np.int64))
