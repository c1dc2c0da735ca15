"""Batches of images as supernets take them: for training augmented, else as they are."""

import numpy as np
import torch
from torch import Tensor

from evonasc.data.images import Images


def augmented_batch(
    images: Images, *, rng: np.random.Generator, is_mirrored: bool = True
) -> tuple[Tensor, Tensor]:
    """Return a training batch ``(n, 3, h, w)``: shifted by up to 4 pixels, mirrored by chance."""
    n, _, height, width = images.pixels.shape
    padded = np.pad(images.pixels, ((0, 0), (0, 0), (4, 4), (4, 4)))
    tops, lefts = rng.integers(0, 9, size=(2, n))
    rows = tops[:, None, None] + np.arange(height)[None, :, None]
    columns = np.broadcast_to(np.arange(width), (n, width)).copy()
    mirrored = (rng.random(n) < 0.5) & is_mirrored
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
