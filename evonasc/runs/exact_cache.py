"""True fronts kept on disk: the same question about the same problem is computed once a machine.

They lie in the folder ``$EVONASC_CACHE``, or in ``~/.cache/evonasc``, one file a question, named by
the SHA-256 of everything that decides the answer: what the problem says of itself, the objectives,
evonasc's version and its own code. The folder can be deleted at any time.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

import evonasc
import evonasc.front
import evonasc.problems
from evonasc.files import cache_folder, write_atomically
from evonasc.front import non_dominated
from evonasc.parsing import npz_arrays, npz_bytes
from evonasc.problems import DesignProblem
from evonasc.runs.exact_front import ExactFront, exact_front

logger = logging.getLogger(__name__)

#: Rooms whose code decides no front.
_ROOMS_BESIDE = ("analysis", "cli", "contracts")


@dataclass(frozen=True)
class CachedFront:
    """A true front and where it is kept."""

    #: The front.
    front: ExactFront
    #: Its file; None where it is kept nowhere.
    path: Path | None
    #: Whether it was read from there.
    was_kept: bool
    #: Why it is kept nowhere, for people; empty where it is kept.
    why_not: str = ""


def cached_exact_front(problem: DesignProblem) -> CachedFront | None:
    """Return the true front from the cache, or compute and keep it.

    A damaged file is computed anew, with one warning in the log. Where nothing can be written,
    nothing is kept and nothing is wrong. Like :func:`exact_front`, None where the designs are too
    many to list.

    Raises:
        ConfigError: The scenario leaves no valid cut.
    """
    identity = problem.identity()
    folder = cache_folder()
    if identity is None or folder is None:
        front = exact_front(problem)
        why_not = "the problem has no identity" if identity is None else "there is no home folder"
        return None if front is None else CachedFront(front, None, False, why_not)
    question = _question(problem, identity)
    path = folder / f"front-{hashlib.sha256(question.encode()).hexdigest()[:32]}.npz"
    kept = _read(path, question, problem)
    if kept is not None:
        return CachedFront(kept, path, True)
    front = exact_front(problem)
    if front is None:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _encode(front, question))
    except OSError as error:
        return CachedFront(front, None, False, f"cannot write {path.parent}: {error.strerror}")
    return CachedFront(front, path, False)


def exact_front_of(problem: DesignProblem) -> ExactFront | None:
    """Return the front of :func:`cached_exact_front` alone."""
    cached = cached_exact_front(problem)
    return None if cached is None else cached.front


def _question(problem: DesignProblem, identity: dict[str, object]) -> str:
    """Return everything that decides a front, as text that is equal for equal questions."""
    return json.dumps(
        {
            "problem": identity,
            "objectives": list(problem.objectives),
            "bounds": [[bound.column, bound.at_most] for bound in problem.column_bounds],
            "version": evonasc.__version__,
            "code_sha256": _code_digest(),
        },
        sort_keys=True,
    )


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """Digest evonasc's code: who changes it between releases must not see yesterday's fronts."""
    digest = hashlib.sha256()
    here = Path(evonasc.front.__file__).parent
    beside = Path(evonasc.problems.__file__).parent  # in a checkout it lies beside the package
    for folder in (here, beside):
        for path in sorted(folder.rglob("*.py")):
            name = path.relative_to(folder)
            if name.parts[0] not in _ROOMS_BESIDE:
                digest.update(f"{folder.name}/{name.as_posix()}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _encode(front: ExactFront, question: str) -> bytes:
    """Return the bytes of a cache file (npz without pickles)."""
    return npz_bytes(
        genes=front.genes,
        points=front.points,
        n_designs=np.int64(front.n_designs),
        question=np.array(question),
    )


def _read(path: Path, question: str, problem: DesignProblem) -> ExactFront | None:
    """Return the front a file holds; None where there is no file or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:  # absent, or not ours to read: computing is always right
        return None
    try:
        file = npz_arrays(data, ("genes", "points", "n_designs", "question"))
        front = ExactFront(file["genes"], file["points"], int(file["n_designs"]))
        _require_front(front, problem)
        if str(file["question"]) != question:
            raise ValueError("it answers another question")
    except (TypeError, ValueError) as error:  # a GenomeError is one
        logger.warning("The cached front %s is damaged (%s); computing it anew.", path, error)
        return None
    return front


def _require_front(front: ExactFront, problem: DesignProblem) -> None:
    """Raise ValueError for arrays that are no front of the problem."""
    shape = (len(front.genes), problem.n_obj)
    is_empty = len(front.genes) == 0 and not problem.column_bounds
    if front.points.shape != shape or front.points.dtype != np.float64 or is_empty:
        raise ValueError(f"its points must have shape {shape}, got {front.points.shape}")
    if not problem.designs.is_valid(front.genes).all() or not non_dominated(front.points).all():
        raise ValueError("its designs are no front")
