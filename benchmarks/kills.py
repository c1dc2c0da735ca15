"""Is anything lost when a run is killed? Runs, killed at random moments and gone on with.

    python benchmarks/kills.py [--kills 200] [--seed 0] [--out benchmarks/results/kills.csv]

A run, or one that is being gone on with, is ended by SIGKILL at a random moment of its life, again
and again until one ends by itself. Nothing that the store said it had may be missing, and tables of
evaluations and front must be, to the byte, those of a run that nobody killed.
"""

import argparse
import mmap
import os
import random
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from evonasc.cli import main as evonasc
from evonasc.errors import DataFileError
from evonasc.files import write_atomically
from evonasc.runs.store import RunStore
from evonasc.runs.stored import STORE_FILE, count_stored
from evonasc.runs.tables import as_csv

TABLES = ("evaluations.csv", "front.csv")
#: What is run: a search of tiny evaluations, one of looked up ones with two batches a generation.
WORDS = (
    ("run", "--problem", "toy", "--algo", "nsga2", "--budget", "600"),
    ("run", "--budget", "800", "--pop-size", "50"),
    ("run", "--problem", "toy", "--algo", "nasc", "--budget", "150"),
)
QUIET = ("--no-plot", "--quiet")


def begun(words: Sequence[str], noted: mmap.mmap) -> int:
    """Begin a command in a process of its own, and return its number.

    What the store has is noted in shared memory as soon as the store says so.
    """
    child = os.fork()
    if child:
        return child
    append = RunStore.append

    def noting(store: RunStore, *batch: object, **more: object) -> None:
        append(store, *batch, **more)
        noted[:8] = struct.pack("q", len(store))

    RunStore.append = noting  # type: ignore[method-assign]
    code = 1
    try:
        code = evonasc(list(words))
    finally:
        os._exit(code)


def ended(child: int, after_s: float | None) -> bool:
    """Wait for a process, kill it after a while unless that is None; return whether it was."""
    if after_s is not None:
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status):
        raise SystemExit(f"a command ended with exit code {os.WEXITSTATUS(status)}")
    return False


def tables(folder: Path) -> list[bytes]:
    """Return the tables of a run, as bytes."""
    return [(folder / name).read_bytes() for name in TABLES]


def main() -> None:
    """Kill runs, compare them with one that was not killed, write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rng, rows = random.Random(arguments.seed), []
    noted = mmap.mmap(-1, 8)
    with tempfile.TemporaryDirectory() as place:
        for number, words in enumerate(WORDS):
            row = _killed(Path(place) / str(number), words, noted, arguments.kills, rng)
            rows.append(row)
            print(row)
    if arguments.out:
        write_atomically(arguments.out, as_csv(rows))
    if any(row["n_lost"] or row["n_other_tables"] for row in rows):
        sys.exit("Something was lost.")


def _killed(
    place: Path, words: Sequence[str], noted: mmap.mmap, n_kills: int, rng: random.Random
) -> dict[str, object]:
    """Kill a third of the kills in runs of one kind, and return what came of it."""
    place.mkdir()
    started = time.perf_counter()
    ended(begun([*words, *QUIET, "--out", str(place / "whole")], noted), None)
    whole, expected = time.perf_counter() - started, tables(place / "whole")
    row: dict[str, object] = {"command": " ".join(words)}
    kills = lost = other = runs = before = 0
    while kills < n_kills / len(WORDS):
        out, runs = place / f"run{runs}", runs + 1
        while True:
            is_there = (out / STORE_FILE).exists() and (out / "run.json").exists()
            if not is_there and out.exists():  # killed before there was anything to go on with
                before += 1
                for file in out.iterdir():
                    file.unlink()
            noted[:8] = struct.pack("q", 0)
            command = ["resume", str(out)] if is_there else [*words, "--out", str(out)]
            was_killed = ended(begun([*command, *QUIET], noted), rng.uniform(0, 1.6 * whole))
            if not was_killed:
                break
            kills += 1
            (said,) = struct.unpack("q", noted[:8])
            try:
                lost += max(0, said - count_stored(out / STORE_FILE)[0])
            except DataFileError:
                lost += said
        other += tables(out) != expected
    return row | {
        "n_runs": runs,
        "n_kills": kills,
        "n_before_anything": before,
        "n_lost": lost,
        "n_other_tables": other,
        "seconds_of_one": round(whole, 2),
    }


if __name__ == "__main__":
    main()
