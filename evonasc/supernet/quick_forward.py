"""Losses of networks image by image, by forward passes made quick.

The same networks on the same fixed batches as :mod:`evonasc.supernet.scoring`, which defines a
score. What differs is how they are computed:

- weights are cast to bfloat16 once, not once a network;
- the 3 x 3 average is a depthwise convolution, several times as fast as torch's pooling on a CPU;
- what the first cell's operations give on the images is kept from one call to the next, and shared
  by all networks that begin alike.

On a CPU, losses differ from the defining ones by rounding, by less than a thousandth; the test and
``benchmarks/live_speed.py`` measure it.
"""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.data.images import Images
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.nasbench201.network import Cell, Memo, Supernet
from evonasc.supernet.live_options import DEVICES
from evonasc.supernet.scoring import SCORING_BATCH
from evonasc.supernet.training import as_input

#: Memory that results of the first cell may take from one call to the next, bytes.
_MOST_KEPT_BYTES = 512 * 2**20
#: Operations on three edges leave a cell's input: two convolutions and a pooling, each.
_FIRST_OPERATIONS = 9


class EdgeCorrectedPool(nn.Module):
    """The 3 x 3 average, padding left out of the count, as a depthwise convolution.

    Args:
        channels: Of the tensor.
        is_bf16: For tensors in bfloat16.
    """

    def __init__(self, channels: int, *, is_bf16: bool) -> None:
        super().__init__()
        weight = torch.full((3, 3), 1 / 9)
        if is_bf16:
            # Neighbours of 1/9 that bfloat16 holds, and whose nine add up to 1 exactly: 1/9 itself
            # would be rounded, and every average too small by a five-hundredth.
            weight = torch.full((3, 3), 227 / 2048)
            weight[::2, ::2] = weight[1, 1] = 228 / 2048
        self.register_buffer("weight", weight.expand(channels, 1, 3, 3).clone())

    def forward(self, x: Tensor) -> Tensor:
        """Average ``x`` (n, c, h, w), h and w at least 2; same shape out."""
        weight = self.get_buffer("weight")
        y = nn.functional.conv2d(x, weight, padding=1, groups=x.shape[1])
        # At a border, 6 of 9 values are there: the average over those is half as much again.
        for side in (y[:, :, 0], y[:, :, -1], y[..., 0], y[..., -1]):
            side *= 1.5
        return y


def chosen_device(name: str) -> torch.device:
    """Return the device a user means.

    Raises:
        UnknownNameError: No such device.
        ConfigError: ``cuda`` where torch sees none.
    """
    if name not in DEVICES:
        raise UnknownNameError("device", name, DEVICES)
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise ConfigError("device 'cuda' needs a GPU that torch sees. Give --device cpu.")
    return torch.device("cuda" if has_cuda and name != "cpu" else "cpu")


def quick_copy(supernet: Supernet, *, device: torch.device, is_bf16: bool = True) -> Supernet:
    """Return a copy to evaluate with: weights cast once, channels last, quick pooling on a CPU.

    Args:
        supernet: Left as it is.
        device: Where to put the copy.
        is_bf16: Compute in bfloat16, else in single precision.
    """
    quick = copy.deepcopy(supernet).requires_grad_(False)
    if device.type == "cpu":
        for module in quick.modules():
            if isinstance(module, Cell):
                module.pool = EdgeCorrectedPool(module.channels, is_bf16=is_bf16)
    quick = quick.to(device=device, dtype=torch.bfloat16 if is_bf16 else torch.float32)
    return quick.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]  # torch's stubs omit it


class QuickScorer:
    """Gives the losses of networks on one fixed batch of images after the other.

    Args:
        supernet: Trained weights.
        images: In their order, ``SCORING_BATCH`` at a time.
        device: Where to compute.
        is_bf16: Compute in bfloat16.
    """

    def __init__(
        self, supernet: Supernet, images: Images, *, device: torch.device, is_bf16: bool = True
    ) -> None:
        self._supernet = quick_copy(supernet, device=device, is_bf16=is_bf16)
        self._images, self._device = images, device
        self._dtype = torch.bfloat16 if is_bf16 else torch.float32
        #: Images of each batch.
        self.batches = np.array_split(np.arange(len(images)), -(-len(images) // SCORING_BATCH))
        height, width = images.pixels.shape[2:]
        value_bytes = torch.finfo(self._dtype).bits // 8
        stem_bytes = len(images) * supernet.config.channels * height * width * value_bytes
        self._is_kept = (1 + _FIRST_OPERATIONS) * stem_bytes <= _MOST_KEPT_BYTES
        self._kept: dict[int, tuple[Tensor, Memo]] = {}

    def score(self, cells: IntArray, *, batch: int) -> tuple[FloatArray, BoolArray]:
        """Return cross-entropy (nats) and whether right, ``(n, images in the batch)`` each.

        Args:
            cells: ``(n, 6)`` canonical connected cells.
            batch: Number of the batch.
        """
        rows = self.batches[batch]
        loss = np.zeros((len(cells), len(rows)))
        is_right = np.zeros(loss.shape, dtype=bool)
        labels = torch.from_numpy(self._images.labels[rows]).to(self._device)
        with torch.inference_mode():
            stem, memo = self._first(batch)
            # In this order networks that begin alike are neighbours, and no beginning comes back.
            for row in np.lexsort(cells.T[::-1]).tolist():
                cell = tuple(cells[row].tolist())
                for key in [key for key in memo if key[2] != cell[: len(key[2])]]:
                    del memo[key]
                scores = self._supernet(stem, cell, start=1, memo=memo).float()
                each = nn.functional.cross_entropy(scores, labels, reduction="none")
                loss[row] = each.cpu().numpy()
                is_right[row] = (scores.argmax(dim=1) == labels).cpu().numpy()
            if self._is_kept:  # what depends on the images alone
                self._kept[batch] = stem, {key: x for key, x in memo.items() if key[2] == ()}
        return loss, is_right

    def _first(self, batch: int) -> tuple[Tensor, Memo]:
        """Return what the stem gives on a batch, and what is known of the first cell."""
        if batch in self._kept:
            return self._kept[batch]
        pixels = as_input(self._images.pixels[self.batches[batch]])
        return self._supernet(pixels.to(self._device, self._dtype), (), stop=1), {}
