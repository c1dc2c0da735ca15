"""Losses of networks image by image, kept on disk: run once a machine, weights and images.

They are kept in a folder below that of :func:`evonasc.files.cache_folder`, named by the SHA-256 of
everything that decides a loss: weights, sizes, images, settings, versions, and the code of network
and forward pass. It holds parts, files that are written in one step and never changed, so that
several processes may add at once; two that compute the same network write the same losses. The
folder can be deleted at any time.
"""

import hashlib
import io
import json
import logging
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

import evonasc
from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.data.images import Images
from evonasc.errors import ConfigError
from evonasc.files import cache_folder, write_atomically
from evonasc.parsing import npz_arrays
from evonasc.space import SearchSpace
from evonasc.supernet.family import Supernet
from evonasc.supernet.quick_forward import QuickScorer
from evonasc.supernet.scoring import SCORING_BATCH

logger = logging.getLogger(__name__)

_DAMAGE = (OSError, TypeError, ValueError)
#: Packages whose code their version stands for.
_BY_VERSION = sys.stdlib_module_names | {"torch"}
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
    """Keeps losses in a folder, made when needed; where nothing can be written, nothing is kept.

    Each folder is of one supernet and ``n_images`` images; see :func:`loss_cache`.
    """

    def __init__(self, folder: Path, *, space: SearchSpace, n_images: int) -> None:
        self.folder, self._n_images = folder, n_images
        self._n_networks = math.prod(space.n_choices)
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
                part = _decode(data, n_images=self._n_images, n_networks=self._n_networks)
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
            write_atomically(path, data, makes_folder=True)
        except ConfigError as error:
            self._warn(f"Losses are not kept. {error}")
            return None
        return path

    def _warn(self, text: str) -> None:
        """Warn once."""
        if not self._has_warned:
            logger.warning("%s", text)
        self._has_warned = True


def loss_cache(weights: Supernet, images: Images, *, device: torch.device) -> LossCache | None:
    """Return the cache of trained weights and images, in their order.

    None without a home, or where the network's code is in no file. Another device has another
    cache, since it rounds otherwise.
    """
    folder, sources = cache_folder(), _source_files(weights)
    if folder is None or sources is None:
        return None
    digest = hashlib.sha256()
    settings = {
        "version": evonasc.__version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": device.type,
        "space": weights.space.name,
        "network": f"{type(weights).__module__}:{type(weights).__qualname__}",
        "sizes": asdict(weights.config),  # type: ignore[call-overload]  # a dataclass, as said
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
    # Who changes the forward pass must not see the old's losses.
    for path in sources:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    name = f"live-{digest.hexdigest()[:32]}"
    return LossCache(folder / name, space=weights.space, n_images=len(images))


def _source_files(weights: Supernet) -> list[Path] | None:
    """Return the source files that decide a loss; None where one is in no file, as in a notebook.

    Those of every package that holds a class of the network, of a part of it, or of a base of
    either. :class:`evonasc.supernet.family.Supernet` is such a base: all files beside it are there.
    """
    kinds = {base for part in weights.modules() for base in type(part).__mro__}
    found: set[Path] = set()
    for module in {sys.modules[kind.__module__] for kind in kinds}:
        if module.__name__.partition(".")[0] in _BY_VERSION:
            continue
        if not module.__dict__.get("__file__"):
            return None
        folder = Path(str(module.__file__)).parent
        # a module outside any package shares its folder with whatever lies there
        paths = folder.rglob("*.py") if module.__package__ else folder.glob("*.py")
        found.update(path for path in paths if path.is_file())
    return sorted(found)


class ImageLosses:
    """Losses of networks on every image; nothing is computed twice, nor by two runs with one cache.

    Networks are ``(n, n_operation_genes)`` arrays, canonical and connected.
    """

    def __init__(self, scorer: QuickScorer, cache: LossCache | None) -> None:
        self._scorer, self._cache, self._space = scorer, cache, scorer.space
        self.n_images = sum(map(len, scorer.batches))
        self._known: dict[int, KeptLosses] = {} if cache is None else cache.read()
        self._n_known = {number: kept.n_known for number, kept in self._known.items()}
        self._unsaved: set[int] = set()
        #: Forward passes done here, a network on a batch of images each.
        self.n_passes = 0

    def compute(self, networks: IntArray) -> None:
        """Compute what is missing of networks, and keep it; repeats are free."""
        try:
            self._compute(networks)
        finally:  # what was run before an interruption is kept
            if self._cache is not None:
                self._cache.add({number: self._known[number] for number in self._unsaved})
            self._unsaved.clear()

    def _compute(self, networks: IntArray) -> None:
        """Compute what is missing of networks, batch after batch."""
        numbers, first = np.unique(self._space.numbers(networks), return_index=True)
        for batch, rows in enumerate(self._scorer.batches):
            end = int(rows[-1]) + 1
            is_new = np.array([self._n_known.get(number, 0) < end for number in numbers.tolist()])
            if not is_new.any():
                continue
            loss, is_right = self._scorer.score(networks[first[is_new]], batch=batch)
            self.n_passes += len(loss)
            for row, number in enumerate(numbers[is_new].tolist()):
                if number not in self._known:
                    nothing = np.full(self.n_images, np.nan), np.zeros(self.n_images, dtype=bool)
                    self._known[number] = KeptLosses(*nothing)
                kept = self._known[number]
                kept.loss[rows], kept.is_right[rows] = loss[row], is_right[row]
                self._n_known[number] = end
                self._unsaved.add(number)

    def mean(self, networks: IntArray) -> FloatArray:
        """Return the mean losses of networks computed before, nats, ``(n,)``."""
        return np.array([kept.loss.mean() for kept in self._of(networks)])

    def n_right(self, networks: IntArray) -> IntArray:
        """Return how many images networks computed before have right, ``(n,)``."""
        return np.array([kept.is_right.sum() for kept in self._of(networks)], dtype=np.int64)

    def _of(self, networks: IntArray) -> list[KeptLosses]:
        """Return what is known of networks."""
        return [self._known[number] for number in self._space.numbers(networks).tolist()]


def _name(data: bytes) -> str:
    """Return the name of the part with that content."""
    return f"part-{hashlib.sha256(data).hexdigest()[:32]}.npz"


def _encode(losses: dict[int, KeptLosses]) -> bytes:
    """Return the bytes of a part (npz without pickles)."""
    numbers = sorted(losses)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        number=np.array([str(number) for number in numbers]),  # of any length, in decimal digits
        loss=np.stack([losses[number].loss for number in numbers]).astype(np.float32),
        is_right=np.packbits(np.stack([losses[number].is_right for number in numbers]), axis=1),
    )
    return buffer.getvalue()


def _decode(data: bytes, *, n_images: int, n_networks: int) -> dict[int, KeptLosses]:
    """Return what a part holds; raises one of ``_DAMAGE``."""
    file = npz_arrays(data, ("number", "loss", "is_right"))
    numbers = [int(digits) for digits in file["number"].tolist()]
    loss = file["loss"].astype(np.float64)
    is_right = np.unpackbits(file["is_right"], axis=1, count=n_images).astype(bool)
    n = len(numbers)
    if loss.shape != (n, n_images) or is_right.shape != (n, n_images):
        raise ValueError(f"its losses must have shape {(n, n_images)}, got {loss.shape}")
    if not all(0 <= number < n_networks for number in numbers):
        raise ValueError("its numbers are those of no networks")
    n_known = np.isfinite(loss).sum(axis=1)
    is_known = np.arange(n_images) < n_known[:, None]
    if np.isinf(loss).any() or (np.isfinite(loss) != is_known).any():
        raise ValueError("its losses have gaps")
    return {number: KeptLosses(loss[row], is_right[row]) for row, number in enumerate(numbers)}
