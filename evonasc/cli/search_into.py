"""Searching into a folder: what ``run`` and ``resume`` do once they know what to search."""

import argparse
import contextlib
import json
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from evonasc.arrays import IntArray
from evonasc.bounds import in_words
from evonasc.cli.backend_arguments import add_backend_arguments, cluster_of
from evonasc.cli.console import output, progress, warn
from evonasc.cli.interrupt import Interruption, stop_on_interrupt
from evonasc.errors import EvaluationError, EvonascError
from evonasc.runs.folder import TRAINING_FILE
from evonasc.runs.parallel import in_processes, on_cluster
from evonasc.runs.prepare import Prepared
from evonasc.runs.problem_table import place_in_words
from evonasc.runs.progress import HYPERVOLUME, SearchProgress
from evonasc.runs.resume import keep_training, replaying
from evonasc.runs.run import RunResult, lists_designs, run_prepared, with_exact
from evonasc.runs.tables import answer_table, front_table
from evonasc.runs.trackers import Tracker
from evonasc.runs.writer import RunWriter
from evonasc.search.archive import Archive
from evonasc.search.evaluation import Evaluated, evaluate
from evonasc.search.search import Evaluate, OnBatch

#: How often the words beside a progress bar change, s.
_NOTE_EVERY_S = 0.5
#: And no sooner than so many times what they took: of a million designs the front takes long.
_NOTE_SHARE = 20


def add_result_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is done with the result, and on the way to it."""
    add_backend_arguments(
        parser,
        jobs="worker processes to evaluate in, where evaluating takes time (default: this one); "
        "the front is the same",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="stop at the first design whose evaluation fails, which is else recorded as failed",
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="evaluate every design after the search, for the exact front, also where that calls "
        "code of others; without it only where errors are stored and all code is evonasc's",
    )
    parser.add_argument(
        "--log-to",
        metavar="KIND:PLACE",
        help="follow the search elsewhere: tensorboard:DIR or mlflow:URI (extras of these names)",
    )
    parser.add_argument("--no-plot", action="store_true", help="do not draw the front")
    parser.add_argument("--quiet", action="store_true", help="no progress, no tables")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def search_into(
    folder: Path, prepared: Prepared, arguments: argparse.Namespace, *, is_resumed: bool = False
) -> int:
    """Search, and return 0, 3 where no design keeps to the bounds, or 130 after Ctrl-C.

    What the search found is on disk before anything else is computed.

    Args:
        folder: Of the run.
        prepared: What is searched.
        arguments: Those of :func:`add_result_arguments`.
        is_resumed: Go on with the run that is in the folder.
    """
    problem, config = prepared.problem, prepared.config
    is_listed = lists_designs(prepared, is_asked=arguments.exact or None)
    quiet = arguments.quiet or arguments.json
    with (
        cluster_of(arguments) as cluster,
        RunWriter(folder, prepared, is_resumed=is_resumed) as writer,
        _telling_what_is_kept(writer),
        progress(quiet=quiet) as bar,
        _tracker(arguments.log_to, prepared, name=folder.resolve().name) as track,
    ):
        task = bar.add_task(config.search.algorithm, total=config.search.budget, note="")
        shown = _ShownMeasures(problem.objectives[0])

        def on_new(genes: IntArray, found: Evaluated) -> None:
            writer.add(genes, found)
            bar.update(task, advance=len(genes))

        def on_batch(archive: Archive, generation: int) -> None:
            track(archive, generation)
            if not quiet:
                bar.update(task, note=shown.note(archive))

        evaluation: Evaluate = evaluate
        if cluster is not None:
            evaluation = on_cluster(prepared, cluster)
        elif arguments.jobs is not None or arguments.backend is not None:
            n_jobs = 1 if arguments.jobs is None else arguments.jobs
            evaluation = in_processes(prepared, n_jobs=n_jobs)
        stored = writer.stored
        keep_training(prepared, folder)
        with stop_on_interrupt() as should_stop:
            result = run_prepared(
                prepared,
                on_new=on_new,
                on_batch=on_batch,
                evaluate=evaluation if stored is None else replaying(stored, evaluation),
                is_strict=arguments.strict,
                should_stop=should_stop,
            )
        if not len(result.genes):
            if (folder / TRAINING_FILE).exists():
                warn(f"The training so far is kept; to go on, evonasc resume {folder}.")
            raise Interruption(should_stop.number or signal.SIGINT)
        result = replace(result, seconds=writer.seconds)
        written = writer.finish(result)
        if is_listed and result.status != "interrupted":
            task = bar.add_task("exact front", total=None, note="")

            def on_listed(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            result = with_exact(result, on_progress=on_listed)
            written = writer.finish(result)
    if not arguments.no_plot and len(result.front_rows):
        _draw(result, folder)
    if arguments.json:
        document = {"out": str(folder), **written, "front": front_table(result)}
        if result.answers:
            document["answers"] = answer_table(result)
        print(json.dumps(document, indent=2))
    else:
        from evonasc.analysis.report import run_view

        # the last line is to be copied: it is never cut
        output(quiet=arguments.quiet).print(run_view(result, folder=folder), crop=False)
    if result.status == "interrupted":
        return should_stop.exit_code
    return 0 if result.nearest_miss is None else 3


class _ShownMeasures:
    """What a progress bar says of a search, anew every now and then: it is not for nothing.

    Args:
        objective: The first one.
    """

    def __init__(self, objective: str) -> None:
        self._objective, self._progress = objective, SearchProgress()
        self._note, self._next = "", 0.0

    def note(self, archive: Archive) -> str:
        """Return the words of the moment."""
        now = time.monotonic()
        if now >= self._next:
            measures = self._progress.measures(archive)
            ended = time.monotonic()
            self._next = ended + max(_NOTE_EVERY_S, _NOTE_SHARE * (ended - now))
            least = measures.get(f"least_{self._objective}")
            self._note = (
                "none within yet"
                if least is None
                else f"least {self._objective} {least:.4f}, "
                f"hypervolume x {measures[HYPERVOLUME]:.3g}"
            )
        return self._note


@contextlib.contextmanager
def _tracker(target: str | None, prepared: Prepared, *, name: str) -> Iterator[OnBatch]:
    """Give what follows a search elsewhere, where that is asked for."""
    if target is None:
        yield lambda archive, generation: None
        return
    with Tracker(target, prepared.config, name=name) as tracker:
        yield tracker
    warn(tracker.problem)


def _draw(result: RunResult, folder: Path) -> None:
    """Draw the front into the folder."""
    from evonasc.cli.plot import draw_front  # half of what a run imports, and some draw nothing

    problem, config = result.problem, result.config
    name = config.search.algorithm
    parts = [
        name,
        f"{len(result.genes)} evaluated",
        place_in_words(config),
        in_words(problem.column_bounds),
    ]
    draw_front(
        problem,
        result.genes[result.front_rows],
        folder / "front",
        points=result.front,
        evaluated=result.columns,
        true_front=None if result.exact is None else result.exact.points,
        label=name,
        title=", ".join(filter(None, parts)),
    )


@contextlib.contextmanager
def _telling_what_is_kept(writer: RunWriter) -> Iterator[None]:
    """Let an error say where the designs are that were evaluated before it."""
    try:
        yield
    except EvonascError as error:
        if writer.n_written == 0:
            raise
        raise EvaluationError(
            f"{error} The {writer.n_written} designs evaluated before are kept: evonasc show "
            f"{writer.folder}; to go on, evonasc resume {writer.folder}."
        ) from error
