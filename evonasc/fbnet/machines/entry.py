"""The entries of HW-NAS-Bench's FBNet table: one block each, at the shape it has in a network.

A network's latency there is the sum of its entries. An entry's name says everything that is known
of it, so a machine's times are a mapping from names to ms.

Reference: Li et al. 2021, "HW-NAS-Bench: Hardware-Aware Neural Architecture Search Benchmark",
ICLR, arXiv 2103.10584.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from evonasc.space.layers import Layer

EntryKind = Literal["AvgP", "ConvBlock", "ConvNorm", "FC", "Skip"]
#: What a block is: pooling, a block of FBNet, a convolution with normalisation, a classifier, or
#: a block left out (where the shape changes, a 1x1 convolution instead).
ENTRY_KINDS: tuple[EntryKind, ...] = get_args(EntryKind)

#: Fields behind the kind in a name, in their order: how the field begins, and our name of it.
_FIELDS = {
    "H": "height",
    "W": "width",
    "Cin": "channels_in",
    "Cout": "channels_out",
    "exp": "expansion",
    "kernel": "kernel",
    "stride": "stride",
    "group": "groups",
}
_WRITTEN: dict[EntryKind, tuple[str, ...]] = {
    "AvgP": ("H", "W", "Cin", "Cout", "kernel", "stride"),
    "ConvBlock": tuple(_FIELDS),
    "ConvNorm": ("H", "W", "Cin", "Cout", "kernel", "stride", "group"),
    "FC": ("Cin", "Cout"),
    "Skip": ("H", "W", "Cin", "Cout", "stride"),
}
_MOST = 10**4  # of any number in a name


@dataclass(frozen=True)
class Entry:
    """One block at one shape; images are square, ``height`` pixels a side before the block."""

    kind: EntryKind
    channels_in: int
    channels_out: int
    height: int = 1
    expansion: int = 1
    kernel: int = 1
    stride: int = 1
    groups: int = 1

    @property
    def name(self) -> str:
        """What the table calls it.

        Example:
            >>> Entry("Skip", 16, 24, height=32).name
            'Skip_H32_W32_Cin16_Cout24_stride1'
        """
        values = {
            **{key: getattr(self, name) for key, name in _FIELDS.items() if name != "width"},
            "W": self.height,
        }
        return "_".join([self.kind, *(f"{key}{values[key]}" for key in _WRITTEN[self.kind])])

    @property
    def keeps_shape(self) -> bool:
        """Whether what comes out has the shape of what goes in, so that the two may be added."""
        return self.stride == 1 and self.channels_in == self.channels_out

    @property
    def is_identity(self) -> bool:
        """Whether it returns its input: a block left out where the shape stays."""
        return self.kind == "Skip" and self.keeps_shape

    @property
    def out_height(self) -> int:
        """Pixels a side behind the block."""
        if self.kind in ("AvgP", "FC"):
            return 1
        return -(-self.height // self.stride)

    @property
    def middle(self) -> int:
        """Channels between the two 1x1 convolutions of a block; those behind it elsewhere."""
        return self.channels_in * self.expansion if self.kind == "ConvBlock" else self.channels_out

    @property
    def kernel_of_convs(self) -> int:
        """Kernel of its dense convolutions: 1 inside a block, whose own kernel is depthwise."""
        return self.kernel if self.kind == "ConvNorm" else 1

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers in the order of computing.

        A block is a 1x1 convolution, a depthwise one, a 1x1 one and, where the shape stays, a sum.
        An identity is one layer of kind ``copy``.
        """
        pixels, out = self.height**2, self.out_height**2
        c_in, c_out, middle = self.channels_in, self.channels_out, self.middle
        if self.kind == "ConvBlock":
            depthwise = middle * self.kernel**2
            rest = (_sum(c_out, out),) if self.keeps_shape else ()
            return (
                _conv(c_in, middle, 1, self.groups, pixels, pixels),
                Layer(
                    *("depthwise", middle, middle, depthwise * out, depthwise + 2 * middle),
                    middle * (pixels + out),
                ),
                _conv(middle, c_out, 1, self.groups, out, out),
                *rest,
            )
        if self.is_identity:
            return (Layer("copy", c_in, c_out, 0, 0, 2 * c_in * pixels),)
        if self.kind == "AvgP":
            return (Layer("pool", c_in, c_out, 0, 0, c_in * (pixels + 1)),)
        if self.kind == "FC":
            weights = c_in * c_out
            return (Layer("linear", c_in, c_out, weights, weights + c_out, c_in + c_out),)
        return (_conv(c_in, c_out, self.kernel, self.groups, pixels, out),)


def entry_of(name: str) -> Entry:
    """Return the entry of a name.

    Raises:
        ValueError: Not a name as the table writes them.

    Example:
        >>> entry_of("FC_Cin1504_Cout100")
        Entry(kind='FC', channels_in=1504, channels_out=100, height=1, expansion=1, kernel=1, \
stride=1, groups=1)
    """
    kind, _, rest = name.partition("_")
    for known in ENTRY_KINDS:
        if kind == known:
            found = re.fullmatch("_".join(rf"{key}(\d{{1,5}})" for key in _WRITTEN[known]), rest)
            if found is not None:
                return _checked(known, dict(zip(_WRITTEN[known], found.groups(), strict=True)))
    raise ValueError(f"{name[:80]!r} is no entry of HW-NAS-Bench's FBNet table")


def entries_of(names: Sequence[str]) -> tuple[Entry, ...]:
    """Return the entries of names; see :func:`entry_of`."""
    return tuple(map(entry_of, names))


def _checked(kind: EntryKind, texts: dict[str, str]) -> Entry:
    """Return the entry of the numbers in a name; ValueError where they cannot be."""
    numbers = {_FIELDS[key]: int(text) for key, text in texts.items()}
    height = numbers.get("height", 1)
    if numbers.pop("width", height) != height or not all(0 < n <= _MOST for n in numbers.values()):
        raise ValueError(f"{kind} of {texts} is no square block of 1 to {_MOST} channels")
    return Entry(kind, **numbers)


def _conv(c_in: int, c_out: int, kernel: int, groups: int, pixels: int, out: int) -> Layer:
    """Return a convolution with normalisation from so many pixels to so many."""
    weights = kernel * kernel * c_in * c_out // groups
    elements = c_in * pixels + c_out * out
    return Layer("conv", c_in, c_out, weights * out, weights + 2 * c_out, elements)


def _sum(channels: int, pixels: int) -> Layer:
    """Return the sum of two tensors."""
    return Layer("sum", channels, channels, 0, 0, 3 * channels * pixels)
