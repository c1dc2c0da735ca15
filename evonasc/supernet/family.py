"""What the rest of this room must know of one benchmark's one-shot supernet.

A benchmark brings a :class:`Supernet`, the torch module that holds all of its networks at once, and
a :class:`SupernetFamily`, which makes such modules. Everything else here (training, scoring, live
evaluation, payload effects, proxies, timing) works through the two and names no benchmark.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields
from typing import Protocol

import numpy as np
from torch import Tensor, nn

from evonasc.arrays import IntArray
from evonasc.errors import ConfigError
from evonasc.space import SearchSpace

#: What parts of a network gave, to be used again for other networks on the same input. A key is
#: (which part, the genes that a network must begin with for the value to be its own as well).
Memo = dict[tuple[Hashable, tuple[int, ...]], Tensor]
#: What computes a layer, with the channels and the side that it reads.
LayerPart = tuple[Callable[[Tensor], Tensor], tuple[int, int]]


class SupernetConfig(Protocol):
    """Sizes of a supernet: a frozen dataclass of the benchmark, its fields numbers."""

    @property
    def n_classes(self) -> int:
        """Classes of the data set."""


class Supernet(nn.Module, ABC):
    """All networks of a space at once, their weights shared.

    Batch normalisation uses the statistics of the batch at hand and has no affine part, so that no
    network's statistics leak into another's.
    """

    #: The networks it holds.
    space: SearchSpace
    #: Its sizes.
    config: SupernetConfig
    #: In the order of computing; the supernet can be cut behind each. The first is common to all
    #: networks, the last gives class logits.
    blocks: nn.ModuleList

    @abstractmethod
    def forward(
        self,
        x: Tensor,
        network: Sequence[int],
        *,
        start: int = 0,
        stop: int | None = None,
        memo: Memo | None = None,
    ) -> Tensor:
        """Run blocks ``start`` to ``stop`` of a network.

        A block that computes nothing returns its input itself, not a copy.

        Args:
            x: Images ``(n, c, h, w)``, or the tensor at cut ``start``.
            network: Operation genes; not read by the first block.
            start: First block to run.
            stop: Block to stop before; all by default.
            memo: Filled and read for ``start=1``; one table for one ``x``, empty at first.

        Returns:
            Class logits ``(n, n_classes)``, or the tensor at cut ``stop``.
        """

    def cuts(self) -> IntArray:
        """Return the supernet's cut for each cut of the space, ``(n_blocks + 1,)``.

        By default both have the same blocks.
        """
        return np.arange(self.space.n_blocks + 1)

    def source_blocks(self, start: "Supernet") -> list[int]:
        """Return for each block here the one of ``start`` whose weights it begins with.

        Raises:
            ConfigError: The sizes do not allow it; by default where they differ at all.
        """
        if start.config != self.config:
            raise ConfigError(
                f"The supernet to start from must have the sizes {self.config}, got {start.config}."
            )
        return list(range(len(self.blocks)))

    def quicken(self, *, is_bf16: bool) -> None:
        """Replace parts, in place, by ones that compute the same quicker on a CPU.

        Args:
            is_bf16: For tensors in bfloat16, else in single precision.
        """

    def weighted_logits(self, x: Tensor, network: Sequence[int], weights: Tensor) -> Tensor:
        """Return class logits of a network, each of its operations times its weight.

        Args:
            x: Images ``(n, c, h, w)``.
            network: Operation genes.
            weights: ``(n_operation_genes, n_choices)``, read where the network has its operations.

        Raises:
            ConfigError: This supernet's operations take no weights.
        """
        raise ConfigError(
            f"The supernet of {self.space.name!r} must take weights of operations for this search, "
            "and does not. Use --algo nasc-cotrain."
        )


class SupernetFamily(ABC):
    """Makes the supernets of one benchmark."""

    #: The networks that they hold.
    space: SearchSpace
    #: Frozen dataclass of their sizes, a :class:`SupernetConfig`.
    config_type: Callable[..., SupernetConfig]

    @abstractmethod
    def default_sizes(self, *, is_large: bool) -> dict[str, int]:
        """Return the sizes, without ``n_classes``, for large data sets or for small ones."""

    @abstractmethod
    def initialise(self, config: SupernetConfig, *, seed: int) -> Supernet:
        """Build a supernet, channels last, with random weights from a generator of its own."""

    def make_config(
        self, n_classes: int, *, is_large: bool, given: Mapping[str, int] | None = None
    ) -> SupernetConfig:
        """Return sizes: what is given, the default for the rest.

        Raises:
            ConfigError: A size that this supernet does not have, or one out of range.
        """
        sizes = {**self.default_sizes(is_large=is_large), **(given or {})}
        names = [field.name for field in fields(self.config_type)]  # type: ignore[arg-type]  # a dataclass, as said
        known = [name for name in names if name != "n_classes"]  # the data give it
        strange = sorted(set(sizes) - set(known))
        if strange:
            raise ConfigError(
                f"A size of the supernet of {self.space.name!r} must be one of "
                f"{', '.join(known)}, got {strange[0]!r}."
            )
        return self.config_type(**sizes, n_classes=n_classes)

    def choice_names(self, gene: int) -> tuple[str, ...]:
        """Return a name of each choice of an operation gene that a folder can have."""
        return tuple(f"choice-{choice}" for choice in range(self.space.n_choices[gene]))

    def proxy_configs(self) -> tuple[SupernetConfig, SupernetConfig]:
        """Return the sizes that proxies are measured at: of all but ``fisher``, and of ``fisher``.

        The latter takes one backward pass a class, so it may be smaller.
        """
        n_classes = self.space.cut_shapes[-1][0]  # the last tensor is the class logits
        config = self.make_config(n_classes, is_large=True)
        return config, config

    def deployed_config(self) -> SupernetConfig:
        """Return the sizes of the networks as they are deployed, to be timed.

        Raises:
            ConfigError: They cannot be timed.
        """
        raise ConfigError(f"The networks of {self.space.name!r} cannot be timed on this machine.")

    def layer_parts(self, network: Supernet) -> list[LayerPart]:
        """Return those of each of ``space.layers`` in a network of the deployed sizes.

        Raises:
            ConfigError: They cannot be timed.
        """
        raise ConfigError(f"The layers of {self.space.name!r} cannot be timed on this machine.")
