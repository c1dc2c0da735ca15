"""Layers: what the blocks of a network are made of, and what each of them costs to compute."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """One kind of layer at one place of the macro network, for one input."""

    #: ``"conv"``, ``"depthwise"``, ``"pool"``, ``"sum"``, ``"copy"`` or ``"linear"``.
    kind: str
    #: Channels read and written.
    c_in: int
    c_out: int
    #: Multiply-accumulates.
    macs: int
    #: Weights, biases and affine normalisation.
    params: int
    #: Activation elements read and written.
    elements: int


def conv(c_in: int, c_out: int, *, kernel: int, side: int, stride: int = 1) -> Layer:
    """Return a convolution without bias, with normalisation, on a ``side`` x ``side`` image."""
    out = (side // stride) ** 2
    weights = kernel * kernel * c_in * c_out
    return Layer(
        "conv", c_in, c_out, weights * out, weights + 2 * c_out, c_in * side**2 + c_out * out
    )


def projection(c_in: int, c_out: int, *, side: int) -> Layer:
    """Return a 1x1 convolution without normalisation."""
    return Layer(
        "conv", c_in, c_out, c_in * c_out * side**2, c_in * c_out, (c_in + c_out) * side**2
    )


def pool(channels: int, *, side: int, stride: int = 1) -> Layer:
    """Return a pooling layer; its additions are no multiply-accumulates."""
    return Layer("pool", channels, channels, 0, 0, channels * (side**2 + (side // stride) ** 2))


def add(channels: int, *, side: int) -> Layer:
    """Return the sum of two tensors."""
    return Layer("sum", channels, channels, 0, 0, 3 * channels * side**2)


def classifier(channels: int, n_classes: int, *, side: int) -> Layer:
    """Return normalisation, global average pooling and a linear layer with bias."""
    params = 2 * channels + (channels + 1) * n_classes
    elements = 3 * channels * side**2 + channels + n_classes
    return Layer("linear", channels, n_classes, channels * n_classes, params, elements)
