"""A search in the caller's hands: it says what it wants to know, and is told."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError, EvaluationError, EvonascError, PluginError
from evonasc.plugins import described
from evonasc.problems import DesignProblem
from evonasc.search.algorithm import Algorithm
from evonasc.search.algorithms import algorithm as algorithm_of
from evonasc.search.algorithms import foreign_parts
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.evaluation import Evaluated, checked, evaluate
from evonasc.search.steps import Answers, Passes

#: Designs asked for in a row, all known, after which there is taken to be nothing new left: more
#: than evonasc's own algorithms ask for before they end by themselves.
_MOST_KNOWN = 100_000

#: Designs that may fail before the first that does not.
_MOST_FAILED = 10
#: Called with new designs, ``(n, n_genes)``, and what is known of them.
OnNew = Callable[[IntArray, Evaluated], None]
#: Called with the archive and the number of batches so far.
OnBatch = Callable[[Archive, int], None]
#: Evaluates designs, ``(n, n_genes)``, of a problem.
Evaluate = Callable[[DesignProblem, IntArray], Evaluated]


class StopSearch(Exception):  # noqa: N818  # no error: the caller asked for it
    """Raised by whoever watches a search to end it; what was evaluated is kept.

    Example:
        >>> from evonasc import RunConfig, run
        >>> def enough(archive, generation):
        ...     if archive.columns()["error"].min() < 0.2:
        ...         raise StopSearch
        >>> run(RunConfig(problem="toy"), on_batch=enough).status
        'interrupted'
    """


class Search:
    """One search, a batch of designs at a time.

    Args:
        problem: What is searched.
        config: How.
        algorithm: The algorithm itself; by default the one that the configuration names.
        should_stop: Asked before each batch; True ends the search.

    Raises:
        UnknownNameError: No such algorithm.
        PluginError: It is another package's, and broken.
        ConfigError: The algorithm cannot search this problem so.

    Example:
        >>> from evonasc.problems import Staircase
        >>> search = Search(Staircase(), SearchConfig(budget=50))
        >>> while len(genes := search.ask(most=7)):
        ...     search.tell(Staircase().columns(genes))  # or a laboratory, weeks later
        >>> search.status, len(search.archive), search.front.shape[1]
        ('complete', 50, 2)
    """

    def __init__(
        self,
        problem: DesignProblem,
        config: SearchConfig | None = None,
        *,
        algorithm: Algorithm | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.problem, self.config = problem, SearchConfig() if config is None else config
        self._entry = algorithm_of(self.config.algorithm) if algorithm is None else algorithm
        self._should_stop = should_stop
        #: Everything evaluated.
        self.archive = Archive(
            problem, budget=None if self._entry.enumerates else self.config.budget
        )
        #: ``running``; then ``complete``, ``exhausted`` (nothing new left to find) or
        #: ``interrupted``.
        self.status = "running"
        with self._blaming_others():
            steps = self._entry.search(self.archive, self.config)
        if not hasattr(steps, "send"):
            raise PluginError(
                f"The algorithm {self.config.algorithm} must be a generator, `values = yield "
                f"genes`, got a function that returns {type(steps).__name__}. See docs/plugins.md."
            )
        self._steps = steps
        # What the algorithm asked for last, canonical; what of it is new, and how much was told.
        self._asked: IntArray | None = None
        self._new = np.zeros((0, problem.designs.n_genes), dtype=np.int64)
        self._n_told, self._n_known_in_a_row = 0, 0
        self._is_begun = self._is_last = False

    @property
    def front(self) -> FloatArray:
        """Objectives of the front of everything told so far, ``(n, n_obj)``."""
        return self.archive.objectives()[self.archive.front_rows()]

    def ask(self, most: int | None = None) -> IntArray:
        """Return designs to evaluate, canonical, ``(n, n_genes)``; none when the search has ended.

        Asked again before it is told, it returns the same.

        Args:
            most: Return so many at most; by default all that the algorithm wants to know next.

        Raises:
            EvonascError: The algorithm cannot go on.
            PluginError: Another package's algorithm or operator failed.
        """
        while self.status == "running":
            if self._should_stop():
                self.stop()
            elif self._n_told < len(self._new):
                return self._new[self._n_told : None if most is None else self._n_told + most]
            else:
                self._advance()
        return self._new[:0]

    def tell(self, values: Mapping[str, FloatArray] | FloatArray) -> None:
        """Take what is known of the first designs asked for and not told yet.

        A design with a value that is no finite number counts as failed.

        Args:
            values: Columns by name, ``(n,)`` each, with the objectives and what is bounded among
                them; or the objectives alone, ``(n, n_obj)``.

        Raises:
            ConfigError: More rows than were asked for, columns of different lengths, or one that
                is missing.
            EvaluationError: Other columns than before.
        """
        named = values if isinstance(values, Mapping) else self._named(np.asarray(values))
        columns = {name: np.asarray(column, dtype=float) for name, column in named.items()}
        wanted = {*self.problem.objectives, *(one.column for one in self.problem.column_bounds)}
        if not wanted <= columns.keys():
            raise ConfigError(
                f"tell takes the columns {', '.join(sorted(wanted))}, got {', '.join(columns)}."
            )
        shapes = {column.shape for column in columns.values()}
        n_open = len(self._new) - self._n_told
        if len(shapes) != 1 or len(shape := shapes.pop()) != 1 or shape[0] > n_open:
            raise ConfigError(
                f"tell takes columns of shape (n,), all of the same n, at most {n_open}: as many "
                "designs as were asked for and not told yet."
            )
        self.take(checked(columns), n=shape[0])

    def _named(self, values: FloatArray) -> dict[str, FloatArray]:
        """Return objectives, ``(n, n_obj)``, by name.

        Raises:
            ConfigError: Another shape.
        """
        if values.ndim != 2 or values.shape[1] != self.problem.n_obj:
            raise ConfigError(
                f"tell takes objectives of shape (n, {self.problem.n_obj}), got {values.shape}."
            )
        return dict(zip(self.problem.objectives, values.T, strict=True))

    def take(self, found: Evaluated, *, n: int) -> None:
        """Take what :func:`evonasc.search.evaluation.evaluate` found of the next ``n`` designs.

        Raises:
            EvaluationError: Other columns than before.
        """
        self.archive.add(self._new[self._n_told : self._n_told + n], found)
        self._n_told += n
        if self._is_last and self._n_told == len(self._new):
            self._end("complete")

    def run(
        self,
        *,
        on_new: OnNew = lambda genes, found: None,
        on_batch: OnBatch = lambda archive, generation: None,
        evaluate: Evaluate = evaluate,
        is_strict: bool = False,
    ) -> "Search":
        """Evaluate in this process until the search ends, and return the search.

        Ctrl-C, or :class:`StopSearch` raised by what is called, ends it early. What was evaluated
        is kept in any case, also where something that is called fails.

        Args:
            on_new: Called with each batch of new designs, ``(n, n_genes)``, and what is known of
                them, as soon as it is.
            on_batch: Called after each batch with the archive and the number of batches so far.
            evaluate: Evaluates a batch.
            is_strict: Stop at the first design that fails.

        Raises:
            EvaluationError: Every design of the first batch failed, or one did and ``is_strict``.
            PluginError: ``on_batch`` failed.
            EvonascError: The search or an evaluation cannot go on.
        """
        generation = 0
        try:
            while len(genes := self.ask()):
                found = evaluate(self.problem, genes)
                self.take(found, n=len(genes))
                on_new(genes, found)
                self._require_some(genes, found, is_strict=is_strict)
                generation += 1
                _call(on_batch, self.archive, generation)
        except (StopSearch, KeyboardInterrupt):
            self.stop()
        return self

    def _require_some(self, genes: IntArray, found: Evaluated, *, is_strict: bool) -> None:
        """Refuse to go on where nothing works, or not everything and that is asked for.

        Raises:
            EvaluationError: So it is.
        """
        n_failed = len(self.archive.failures)
        is_hopeless = n_failed == len(self.archive) and n_failed >= _MOST_FAILED
        if not found.failures or not (is_strict or is_hopeless):
            return
        row, reason = next(iter(found.failures.items()))
        how_many = "" if is_strict else f"All of the first {n_failed} designs failed. "
        raise EvaluationError(
            f"{how_many}The evaluation of the design {genes[row].tolist()} failed: {reason}"
        )

    def stop(self) -> None:
        """End the search as it is: interrupted, unless it has ended before."""
        if self.status == "running":
            self._end("interrupted")

    def _end(self, status: str) -> None:
        """Let the algorithm go."""
        self.status = status
        with self._blaming_others():
            self._steps.close()

    def _advance(self) -> None:
        """Send the algorithm what it asked for, and take what it asks for next."""
        try:
            with self._blaming_others():
                wanted = self._steps.send(self._values()) if self._is_begun else next(self._steps)
        except StopIteration:
            self._end("exhausted")
            return
        self._is_begun, self._asked = True, None
        if isinstance(wanted, Answers):
            self.archive.answers += wanted.found
        elif isinstance(wanted, Passes):
            self.archive.n_passes += wanted.n
            self.archive.n_requested += wanted.n
        else:
            self._take(np.asarray(wanted))

    def _values(self) -> FloatArray:
        """Return the objectives of what was asked for last, ``(n, n_obj)``."""
        if self._asked is None or len(self._asked) == 0:  # an empty archive has no columns yet
            return np.zeros((0, self.problem.n_obj))
        archive, n = self.archive, len(self._asked)
        is_new = len(self._new) == n  # the archive's last rows, then
        return archive.objectives(
            slice(len(archive) - n, None) if is_new else archive.rows_of(self._asked)
        )

    def _take(self, genes: IntArray) -> None:
        """Find out what of the designs an algorithm asks for is to be evaluated.

        Raises:
            GenomeError: They are none of the space.
        """
        archive = self.archive
        self._asked = self.problem.designs.canonical(genes)
        archive.n_requested += len(self._asked)
        new = archive.first_of_new(self._asked)
        left = len(new) if archive.n_left is None else archive.n_left
        self._new, self._n_told = self._asked[new[:left]], 0
        self._is_last = len(new) > left
        self._n_known_in_a_row = 0 if len(new) else self._n_known_in_a_row + max(len(genes), 1)
        if self._is_last and left == 0:
            self._end("complete")
        elif self._n_known_in_a_row > _MOST_KNOWN:
            self._end("exhausted")

    @contextmanager
    def _blaming_others(self) -> Iterator[None]:
        """Tell an error in the code of others as such.

        Raises:
            PluginError: It was in an algorithm or operator of another package.
        """
        try:
            yield
        except (EvonascError, StopIteration, StopSearch):
            raise
        except Exception as error:  # whatever the code of others does
            parts = foreign_parts(self.config)
            if not parts:
                raise
            raise PluginError(
                f"The search with {', '.join(parts)} ended in {described(error)}. Mend that code; "
                "`evonasc check-plugin` says more."
            ) from error


def _call(on_batch: OnBatch, archive: Archive, generation: int) -> None:
    """Call what a user wants to be called, and name it where it fails.

    Raises:
        PluginError: It failed.
    """
    try:
        on_batch(archive, generation)
    except (EvonascError, StopSearch):
        raise
    except Exception as error:  # whatever the code of others does
        name = getattr(on_batch, "__qualname__", type(on_batch).__name__)
        raise PluginError(
            f"on_batch {name} failed after {len(archive)} designs: {described(error)}. What was "
            "evaluated is kept."
        ) from error
