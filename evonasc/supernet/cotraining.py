"""Shared weights that are trained while a search goes on, and what networks lose with them now.

The training images are cut in halves: weights learn from the first, a search learns from the
second, batch by batch, and the validation images that were held out before tell at the end how
wrong a network is. That is the protocol of Akimoto et al. 2019, "Adaptive Stochastic Natural
Gradient Method for One-Shot Neural Architecture Search", ICML, arXiv 1905.08537 (authors' code),
and of Dong and Yang 2019, GDAS, arXiv 1910.04465; the step on the weights is
:func:`evonasc.supernet.training.weight_step`.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.arrays import FloatArray, IntArray
from evonasc.data.datasets import DataSet, is_large, load_data
from evonasc.data.images import Images
from evonasc.errors import ConfigError, EvaluationError
from evonasc.space import DesignSpace
from evonasc.supernet.batches import as_input, augmented_batch
from evonasc.supernet.family import Supernet, SupernetFamily
from evonasc.supernet.live_options import CotrainedOptions
from evonasc.supernet.network_list import require_space
from evonasc.supernet.scoring import score_networks
from evonasc.supernet.threads import set_threads
from evonasc.supernet.training import TrainingConfig, weight_step

#: Held-out images that tell a network's error, at most.
_MOST_IMAGES = 1000
#: Streams of random numbers that one seed gives.
_HALVES, _TRAINING, _SEARCH = 0, 1, 2


def cotraining_config(data: DataSet, family: SupernetFamily, *, seed: int) -> TrainingConfig:
    """Return the settings of weights that train during a search on ``data``.

    The supernet has its family's sizes for a set as large as this one; batches of 64 images.
    """
    return TrainingConfig(
        supernet=family.make_config(data.n_classes, is_large=is_large(data)),
        data=data.name,
        n_validation=len(data.validation),
        batch_size=64,
        learning_rate=0.2,
        seed=seed,
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
        self.supernet: Supernet = self._family.initialise(config.supernet, seed=config.seed)
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

    def train(self, networks: IntArray, *, progress: float) -> BatchLoss:
        """Do one step of the weights on a batch of the first half.

        Networks are ``(n, n_operation_genes)``, connected; each gets an equal part of the batch.
        The rate falls as a cosine with the progress, the share of all steps done before, in [0, 1).

        Raises:
            EvaluationError: The training diverged.
        """
        config = self.config
        images, labels = augmented_batch(
            self._batches.next(), rng=self._rng, is_mirrored=self._data.is_mirrored
        )
        n = len(labels)
        rate = config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
        losses, n_right = weight_step(
            self.supernet, self._momenta, networks.tolist(), images, labels, rate, config
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
        return as_input(images.pixels), torch.from_numpy(images.labels)

    def batch_losses(self, networks: IntArray) -> list[BatchLoss]:
        """Return what each of the networks makes of the next batch of the second half.

        One forward pass a network, without gradient; all see the same images.
        """
        images, labels = self.search_batch()
        found = []
        with torch.inference_mode():
            for network in networks.tolist():
                with torch.autocast("cpu", torch.bfloat16, enabled=self.config.is_bf16 is True):
                    logits = self.supernet(images, network)
                found.append(batch_loss(logits.float(), labels)[1])
        return found

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
    return SharedWeights(data, cotraining_config(data, family, seed=seed), family)


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
