"""The one-shot supernet over FBNet's networks; operations of a layer share weights too.

Each layer has one mobile block of the largest kernel and expansion; the others are parts of it: a
3x3 kernel is the centre of the 5x5 one, an expansion of 1 or 3 is the first channels of that of 6,
and two groups are the two diagonal halves of a 1x1 convolution. So every step teaches all
operations of a layer, and the supernet has a third of the weights that operations of their own
would take. The network to run is an argument of ``forward``, never state of the module. Batch
normalisation always uses the statistics of the batch at hand, without an affine part.

References: Wu et al. 2019, FBNet, CVPR, arXiv 1812.03443 (the blocks; channels are shuffled between
groups); Cai et al. 2020, "Once-for-All", ICLR, arXiv 1908.09791, section 3.3 (kernels and widths
that share weights; their kernels are transformed first, ours are not).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from evonasc.errors import ConfigError
from evonasc.fbnet.machines.entry import Entry
from evonasc.fbnet.machines.network_entries import fixed_entries, searched_entries
from evonasc.fbnet.space import SKIP, FBNet
from evonasc.supernet.family import Memo, Supernet

_LARGEST_EXPANSION, _LARGEST_KERNEL = 6, 5
#: Bounds of the width, percent of the benchmark's channels: beyond them it fills only the memory.
LEAST_WIDTH, MOST_WIDTH = 5, 200


@dataclass(frozen=True)
class FBNetConfig:
    """Size of the supernet.

    Raises:
        ConfigError: A width outside ``[LEAST_WIDTH, MOST_WIDTH]``, or no classes.
    """

    #: Channels, percent of the benchmark's, rounded to even numbers (there are two groups).
    width_percent: int = 100
    #: Classes of the data set.
    n_classes: int = 100

    def __post_init__(self) -> None:
        if not LEAST_WIDTH <= self.width_percent <= MOST_WIDTH:
            raise ConfigError(
                f"width_percent must lie in [{LEAST_WIDTH}, {MOST_WIDTH}], got "
                f"{self.width_percent}."
            )
        if self.n_classes < 1:
            raise ConfigError(f"n_classes must be at least 1, got {self.n_classes}.")

    def channels(self, of_benchmark: int) -> int:
        """Return how many channels stand for so many of the benchmark's."""
        return max(2 * round(of_benchmark * self.width_percent / 200), 2)


def _norm(x: Tensor) -> Tensor:
    """Normalise by the batch's own statistics, in training and in evaluation."""
    return functional.batch_norm(x, None, None, training=True)


class Layer(nn.Module):
    """One searched layer with all of its operations."""

    def __init__(self, entries: tuple[Entry, ...], config: FBNetConfig) -> None:
        super().__init__()
        first = entries[0]
        c_in, c_out = (config.channels(n) for n in (first.channels_in, first.channels_out))
        widest = _LARGEST_EXPANSION * c_in
        self._entries, self._c_in = entries, c_in
        self._keeps_shape = entries[SKIP].is_identity
        self.expand = nn.Parameter(torch.empty(widest, c_in, 1, 1))
        self.depthwise = nn.Parameter(torch.empty(widest, 1, _LARGEST_KERNEL, _LARGEST_KERNEL))
        self.project = nn.Parameter(torch.empty(c_out, widest, 1, 1))
        if not self._keeps_shape:
            self.skip = nn.Parameter(torch.empty(c_out, c_in, 1, 1))

    def forward(self, x: Tensor, operation: int) -> Tensor:
        """Run one operation on ``x`` (n, c_in, h, w)."""
        entry = self._entries[operation]
        if operation == SKIP:
            if self._keeps_shape:
                return x
            # Every other pixel first, which is the same as a stride: with one, torch 2.13's
            # backward pass of a 1x1 convolution of few channels ends the process on some CPUs.
            seen = x[:, :, :: entry.stride, :: entry.stride]
            return functional.relu(_norm(functional.conv2d(seen, self.skip)))
        middle, groups = entry.expansion * self._c_in, entry.groups
        y = functional.conv2d(x, grouped(self.expand[:middle], groups), groups=groups)
        y = functional.relu(_norm(y))
        if groups > 1:
            y = shuffled(y, groups)
        border = (_LARGEST_KERNEL - entry.kernel) // 2
        inner = slice(border, _LARGEST_KERNEL - border)
        y = functional.conv2d(
            y,
            self.depthwise[:middle, :, inner, inner],
            stride=entry.stride,
            padding=entry.kernel // 2,
            groups=middle,
        )
        y = functional.relu(_norm(y))
        y = functional.conv2d(y, grouped(self.project[:, :middle], groups), groups=groups)
        y = _norm(y)
        return x + y if self._keeps_shape else y


def grouped(weight: Tensor, groups: int) -> Tensor:
    """Return of a 1x1 convolution's weight, ``(c_out, c_in, 1, 1)``, the blocks on its diagonal.

    So many groups, stacked as grouped convolutions take them, ``(c_out, c_in / groups, 1, 1)``.
    """
    if groups == 1:
        return weight
    rows, columns = weight.shape[0] // groups, weight.shape[1] // groups
    parts = [
        weight[group * rows : (group + 1) * rows, group * columns : (group + 1) * columns]
        for group in range(groups)
    ]
    return torch.cat(parts)


def shuffled(x: Tensor, groups: int) -> Tensor:
    """Mix the channels of groups: the first of each, then the second of each, and so on."""
    n, c, height, width = x.shape
    mixed = x.reshape(n, groups, c // groups, height, width).transpose(1, 2)
    return mixed.reshape(n, c, height, width)


class ConvNorm(nn.Module):
    """A convolution with normalisation and ReLU."""

    def __init__(self, c_in: int, c_out: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c_in, h, w) to (n, c_out, h, w)."""
        return functional.relu(_norm(self.conv(x)))


class LayerSupernet(Supernet):
    """All of FBNet's networks at once."""

    space = FBNet()
    config: FBNetConfig

    def __init__(self, config: FBNetConfig) -> None:
        super().__init__()
        self.config = config
        stem, conv, _, classifier = fixed_entries()
        last, wide = config.channels(conv.channels_in), config.channels(classifier.channels_in)
        self.blocks = nn.ModuleList(
            [
                ConvNorm(stem.channels_in, config.channels(stem.channels_out), stem.kernel),
                *(Layer(entries, config) for entries in searched_entries()),
                ConvNorm(last, wide, conv.kernel),
                nn.AdaptiveAvgPool2d(1),
                nn.Sequential(nn.Flatten(), nn.Linear(wide, config.n_classes)),
            ]
        )

    def forward(
        self,
        x: Tensor,
        network: Sequence[int],
        *,
        start: int = 0,
        stop: int | None = None,
        memo: Memo | None = None,
    ) -> Tensor:
        """Run blocks of the network; ``memo`` keeps the way of the last network, layer by layer.

        Networks that follow each other in the order of their genes share beginnings: a tree of them
        is walked from the stem, and each of its branches is computed once.
        """
        end = len(self.blocks) if stop is None else stop
        for number in range(start, end):
            block = self.blocks[number]
            if not isinstance(block, Layer):
                x = block(x)
                continue
            operation = network[number - 1]
            key = (number, tuple(network[:number]))
            if memo is not None and key in memo:
                x = memo[key]
                continue
            x = block(x, operation)
            if memo is not None:
                for other in [one for one in memo if one[0] == number]:
                    del memo[other]  # of another network: no other will come this way again
                memo[key] = x
        return x


def initialise(config: FBNetConfig, *, seed: int) -> LayerSupernet:
    """Build a supernet, channels last, with reproducible weights from a generator of its own.

    Convolutions are drawn by He et al. 2015 (fan out), the classifier uniformly as torch does.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        supernet = LayerSupernet(config)
    supernet = supernet.to_empty(device="cpu")
    for name, weight in supernet.named_parameters():
        if weight.dim() == 4:
            nn.init.kaiming_normal_(
                weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
            if name.endswith("depthwise"):  # a channel has one input, not as many as channels
                with torch.no_grad():
                    weight.mul_(weight.shape[0] ** 0.5)
        else:
            bound = config.channels(fixed_entries()[-1].channels_in) ** -0.5
            nn.init.uniform_(weight, -bound, bound, generator=generator)
    return supernet.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]  # torch's stubs omit it
