"""Losses of networks image by image, by forward passes made quick.

The same networks on the same fixed batches as :mod:`evonasc.supernet.scoring`, which defines a
score. What differs is how they are computed:

- weights are cast to bfloat16 once, not once a network;
- the supernet replaces parts by quicker ones, as its benchmark knows them;
- what the first operations give on the images is kept from one call to the next, and shared by all
  networks that begin alike.

On a CPU, losses differ from the defining ones by rounding, by less than a thousandth; the test and
``benchmarks/live_speed.py`` measure it.
"""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.data.images import Images
from evonasc.errors import ConfigError
from evonasc.supernet.batches import as_input
from evonasc.supernet.family import Memo, Supernet
from evonasc.supernet.scoring import SCORING_BATCH

#: Memory that results of first operations may take from one call to the next, bytes.
_MOST_KEPT_BYTES = 512 * 2**20


def chosen_device(name: str) -> torch.device:
    """Return the device that one of :data:`evonasc.supernet.live_options.DEVICES` means.

    Raises:
        ConfigError: ``cuda`` where torch sees none.
    """
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise ConfigError("device 'cuda' needs a GPU that torch sees. Give --device cpu.")
    return torch.device("cuda" if has_cuda and name != "cpu" else "cpu")


def quick_copy(supernet: Supernet, *, device: torch.device, is_bf16: bool = True) -> Supernet:
    """Return a copy to evaluate with: weights cast once, channels last, quick parts on a CPU.

    It computes in bfloat16, else in single precision.
    """
    quick = copy.deepcopy(supernet).requires_grad_(False)
    if device.type == "cpu":
        quick.quicken(is_bf16=is_bf16)
    quick = quick.to(device=device, dtype=torch.bfloat16 if is_bf16 else torch.float32)
    return quick.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]  # torch's stubs omit it


class QuickScorer:
    """Gives the losses of networks on images in their order, ``SCORING_BATCH`` at a time."""

    def __init__(
        self, supernet: Supernet, images: Images, *, device: torch.device, is_bf16: bool = True
    ) -> None:
        self._supernet = quick_copy(supernet, device=device, is_bf16=is_bf16)
        self.space, self._images, self._device = supernet.space, images, device
        self._dtype = torch.bfloat16 if is_bf16 else torch.float32
        #: Images of each batch.
        self.batches = np.array_split(np.arange(len(images)), -(-len(images) // SCORING_BATCH))
        self._kept: dict[int, tuple[Tensor, Memo]] = {}

    def score(self, networks: IntArray, *, batch: int) -> tuple[FloatArray, BoolArray]:
        """Return cross-entropy (nats) and whether right, ``(n, images in the batch)`` each.

        Networks are ``(n, n_operation_genes)``, canonical and connected.
        """
        rows = self.batches[batch]
        loss = np.zeros((len(networks), len(rows)))
        is_right = np.zeros(loss.shape, dtype=bool)
        labels = torch.from_numpy(self._images.labels[rows]).to(self._device)
        with torch.inference_mode():
            stem, memo = self._first(batch)
            # In this order networks that begin alike are neighbours, and no beginning comes back.
            for row in np.lexsort(networks.T[::-1]).tolist():
                network = tuple(networks[row].tolist())
                for key in [key for key in memo if key[1] != network[: len(key[1])]]:
                    del memo[key]
                logits = self._supernet(stem, network, start=1, memo=memo).float()
                each = nn.functional.cross_entropy(logits, labels, reduction="none")
                loss[row] = each.cpu().numpy()
                is_right[row] = (logits.argmax(dim=1) == labels).cpu().numpy()
            self._keep(batch, stem, memo)
        return loss, is_right

    def _keep(self, batch: int, stem: Tensor, memo: Memo) -> None:
        """Keep what depends on the images alone, if there is room."""
        self._kept[batch] = stem, {key: x for key, x in memo.items() if key[1] == ()}
        kept = [x for first, rest in self._kept.values() for x in (first, *rest.values())]
        if sum(x.numel() * x.element_size() for x in kept) > _MOST_KEPT_BYTES:
            del self._kept[batch]

    def _first(self, batch: int) -> tuple[Tensor, Memo]:
        """Return what the first block gives on a batch, and what is known of operations on that."""
        if batch in self._kept:
            return self._kept[batch]
        pixels = as_input(self._images.pixels[self.batches[batch]])
        return self._supernet(pixels.to(self._device, self._dtype), (), stop=1), {}
