"""Losses of live evaluation kept on disk: a network is run once a machine, weights and images.

A folder below that of :func:`evonasc.files.cache_folder`, named by the SHA-256 of everything that
decides a loss: weights, images, settings, versions, and the code of the forward pass. It holds
parts, files that are written in one step and never changed, so that several processes may add at
once; two that compute the same network write the same losses. The folder can be deleted at any
time.
"""

import hashlib
import io
import json
import logging
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import evonasc
from evonasc.arrays import BoolArray, FloatArray
from evonasc.data.images import Images
from evonasc.files import cache_folder, write_atomically
from evonasc.nasbench201 import network
from evonasc.nasbench201.cells import N_CELLS
from evonasc.nasbench201.network import Supernet
from evonasc.supernet import quick_forward
from evonasc.supernet.scoring import SCORING_BATCH

logger = logging.getLogger(__name__)

_DAMAGE = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)
#: More parts than this are joined when they are read.
_MOST_PARTS = 32


@dataclass(frozen=True)
class KeptLosses:
    """What is known of one network."""

    #: ``(n_images,)`` cross-entropy, nats, float32 precision; NaN where it was not computed.
    loss: FloatArray
    #: ``(n_images,)`` whether the image was classified right; False where not computed.
    is_right: BoolArray

    @property
    def n_known(self) -> int:
        """Images whose loss is known."""
        return int(np.isfinite(self.loss).sum())


class LossCache:
    """Keeps losses in a folder; where nothing can be written, nothing is kept.

    Args:
        folder: Of these weights, images and settings; see :func:`loss_cache`. Made when needed.
        n_images: Images a network is measured on.
    """

    def __init__(self, folder: Path, *, n_images: int) -> None:
        self.folder, self._n_images = folder, n_images
        self._has_warned = False

    def read(self) -> dict[int, KeptLosses]:
        """Return everything kept, by the number of the network.

        Damaged parts are removed, with one warning in the log: what they held is computed anew.
        """
        known: dict[int, KeptLosses] = {}
        read = []
        for path in sorted(self.folder.glob("part-*.npz")) if self.folder.is_dir() else ():
            try:
                data = path.read_bytes()
                if path.name != _name(data):  # zip archives notice only part of what can happen
                    raise ValueError("its content is not what was written")
                part = _decode(data, n_images=self._n_images)
            except FileNotFoundError:  # joined by another process just now: it wrote the join first
                continue
            except _DAMAGE as error:
                self._warn(f"The cached losses {path} are damaged ({error}); computing them anew.")
                path.unlink(missing_ok=True)
                continue
            read.append(path)
            for number, losses in part.items():
                if number not in known or losses.n_known > known[number].n_known:
                    known[number] = losses
        if len(read) > _MOST_PARTS:
            joined = self.add(known)
            for path in read if joined is not None else ():
                if path != joined:
                    path.unlink(missing_ok=True)
        return known

    def add(self, losses: dict[int, KeptLosses]) -> Path | None:
        """Keep the losses of networks; return the part, None where it cannot be written."""
        if not losses:
            return None
        data = _encode(losses)
        path = self.folder / _name(data)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data)
        except OSError as error:
            self._warn(f"Losses are not kept: cannot write {self.folder} ({error.strerror}).")
            return None
        return path

    def _warn(self, text: str) -> None:
        """Warn once."""
        if not self._has_warned:
            logger.warning("%s", text)
        self._has_warned = True


def loss_cache(weights: Supernet, images: Images, *, device: torch.device) -> LossCache | None:
    """Return the cache of these weights and images; None for a user without a home.

    Args:
        weights: Trained.
        images: Measured on, in their order.
        device: Where it computes; another rounds otherwise.
    """
    folder = cache_folder()
    if folder is None:
        return None
    digest = hashlib.sha256()
    settings = {
        "version": evonasc.__version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": device.type,
        "batch": SCORING_BATCH,
        "n_images": len(images),
        "shape": list(images.pixels.shape),
    }
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for name, weight in sorted(weights.state_dict().items()):
        digest.update(f"{name} {tuple(weight.shape)}\n".encode())
        digest.update(weight.detach().cpu().float().contiguous().numpy().tobytes())
    digest.update(np.ascontiguousarray(images.pixels).tobytes())
    digest.update(np.ascontiguousarray(images.labels).tobytes())
    for module in (network, quick_forward):  # who changes the forward pass must not see the old's
        digest.update(Path(str(module.__file__)).read_bytes())
    return LossCache(folder / f"live-{digest.hexdigest()[:32]}", n_images=len(images))


def _name(data: bytes) -> str:
    """Return the name of the part with that content."""
    return f"part-{hashlib.sha256(data).hexdigest()[:32]}.npz"


def _encode(losses: dict[int, KeptLosses]) -> bytes:
    """Return the bytes of a part (npz without pickles)."""
    numbers = sorted(losses)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        number=np.array(numbers, dtype=np.int32),
        loss=np.stack([losses[number].loss for number in numbers]).astype(np.float32),
        is_right=np.packbits(np.stack([losses[number].is_right for number in numbers]), axis=1),
    )
    return buffer.getvalue()


def _decode(data: bytes, *, n_images: int) -> dict[int, KeptLosses]:
    """Return what a part holds; raises one of ``_DAMAGE``."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        number, loss = file["number"], file["loss"].astype(np.float64)
        is_right = np.unpackbits(file["is_right"], axis=1, count=n_images).astype(bool)
    n = len(number)
    if loss.shape != (n, n_images) or is_right.shape != (n, n_images):
        raise ValueError(f"its losses must have shape {(n, n_images)}, got {loss.shape}")
    if number.dtype.kind != "i" or not ((number >= 0) & (number < N_CELLS)).all():
        raise ValueError("its numbers are those of no networks")
    n_known = np.isfinite(loss).sum(axis=1)
    if (
        np.isinf(loss).any()
        or (np.isfinite(loss) != (np.arange(n_images) < n_known[:, None])).any()
    ):
        raise ValueError("its losses have gaps")
    return {
        int(one): KeptLosses(loss[row], is_right[row]) for row, one in enumerate(number.tolist())
    }
