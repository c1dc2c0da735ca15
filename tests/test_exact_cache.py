"""The cache gives what was computed, never what another question or a damaged file says."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from evonasc.cost.scenario import Scenario
from evonasc.files import cache_folder
from evonasc.nasbench201 import BENCHMARK
from evonasc.problems import SplitNasProblem, Staircase
from evonasc.runs import exact_cache
from evonasc.runs.exact_cache import cached_exact_front, exact_front_of
from evonasc.runs.exact_front import exact_front
from evonasc.space import DesignSpace

SMALL = Scenario(min_split=13)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EVONASC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def problem(nasbench, table_errors):
    return SplitNasProblem(BENCHMARK, SMALL, table_errors)


def assert_same(front, other):
    np.testing.assert_array_equal(front.genes, other.genes)
    np.testing.assert_array_equal(front.points, other.points)
    assert front.n_designs == other.n_designs
    assert (front.genes.dtype, front.points.dtype) == (other.genes.dtype, other.points.dtype)


def test_the_second_time_is_read_and_equal(problem, folder, monkeypatch):
    first = cached_exact_front(problem)
    assert not first.was_kept
    assert [first.path] == list(folder.iterdir())

    def never(problem):
        raise AssertionError

    monkeypatch.setattr(exact_cache, "exact_front", never)
    again = cached_exact_front(problem)
    assert again.was_kept
    assert_same(again.front, exact_front(problem))
    assert_same(exact_front_of(problem), again.front)


class OtherErrors:
    """The errors of another source, one network a little better."""

    provenance = "made up"

    def __init__(self, inner):
        self._inner = inner

    def error(self, genes, *, designs):
        error = self._inner.error(genes, designs=designs)
        return np.where((genes[:, :6] == 3).all(axis=1), error / 2, error)


def test_whatever_decides_the_front_asks_another_question(problem, nasbench, table_errors, folder):
    kept = {cached_exact_front(problem).path}

    def ask(scenario=SMALL, errors=table_errors, objectives=("error", "latency_ms")):
        found = cached_exact_front(
            SplitNasProblem(BENCHMARK, scenario, errors, objectives=objectives)
        )
        return found.path, found.was_kept

    for values in (
        {"scenario": replace(SMALL, uplink_mbps=11.0)},
        {"scenario": replace(SMALL, payload_bits=(4,))},
        {"scenario": replace(SMALL, head_hardware="pixel3")},
        {"errors": OtherErrors(table_errors)},
        {"objectives": ("latency_ms", "error")},
        {"objectives": ("error", "head_ms")},
    ):
        path, was_kept = ask(**values)
        assert not was_kept, values
        kept.add(path)
    assert len(kept) == 7
    # a name decides nothing
    assert ask(scenario=replace(SMALL, name="mine"))[1]


class ErrorsByCut:
    """An error that a narrow payload raises, by the cut."""

    provenance = "made up"

    def __init__(self, inner, step):
        self._inner, self._step = inner, step

    def error(self, genes, *, designs):
        return self._inner.error(genes, designs=designs)

    def payload_increase(self, genes, *, designs, scenario):
        return self._step * (designs.split_point(genes) == 14)

    def payload_provenance(self):
        return "made up"


def test_errors_that_depend_on_the_cut_decide_too(nasbench, table_errors):
    narrow = replace(SMALL, payload_bits=(2,))
    paths = {
        cached_exact_front(SplitNasProblem(BENCHMARK, narrow, ErrorsByCut(table_errors, step))).path
        for step in (0.0, 0.01)
    }
    assert len(paths) == 2


@pytest.mark.parametrize("what", ["version", "code", "machine"])
def test_another_evonasc_asks_another_question(what, problem, monkeypatch):
    cached_exact_front(problem)
    if what == "version":
        monkeypatch.setattr("evonasc.__version__", "999.0")
    elif what == "code":
        monkeypatch.setattr(exact_cache, "_code_digest", lambda: "other")
    else:
        monkeypatch.setattr(problem.path.head, "digest", "of another file")
    assert not cached_exact_front(problem).was_kept


def test_the_digest_of_the_code_follows_the_code(tmp_path, monkeypatch):
    (tmp_path / "cost").mkdir()
    (tmp_path / "cli").mkdir()
    monkeypatch.setattr(exact_cache.evonasc.front, "__file__", str(tmp_path / "front.py"))
    digests = set()
    for text in ("a = 1", "a = 2", "a = 2"):
        (tmp_path / "cost" / "x.py").write_text(text)
        (tmp_path / "cli" / f"{len(digests)}.py").write_text(text)  # decides no front
        exact_cache._code_digest.cache_clear()
        digests.add(exact_cache._code_digest())
    exact_cache._code_digest.cache_clear()
    assert len(digests) == 2


def damaged(path):
    """Yield what may have become of a file, and a word of the warning."""
    data = path.read_bytes()
    middle = len(data) // 2
    yield "no bytes", b"", "is damaged"
    yield "half", data[:middle], "is damaged"
    yield "a byte", data[:300] + bytes([data[300] ^ 255]) + data[301:], "is damaged"
    yield "text", b"not a front", "is damaged"


def rewritten(path, **changes):
    with np.load(path) as file:
        arrays = {**dict(file), **changes}
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def test_a_damaged_file_is_computed_anew_with_one_warning(problem, caplog):
    first = cached_exact_front(problem)
    for name, data, word in damaged(first.path):
        first.path.write_bytes(data)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            again = cached_exact_front(problem)
        assert not again.was_kept, name
        assert_same(again.front, first.front)
        (record,) = caplog.records
        assert word in record.getMessage()
        assert len(record.getMessage().splitlines()) == 1
        assert cached_exact_front(problem).was_kept  # mended


@pytest.mark.parametrize(
    "change",
    [
        lambda front: {"question": np.array("{}")},
        lambda front: {"points": front.points[:-1]},
        lambda front: {"points": np.full_like(front.points, np.nan)},
        lambda front: {"points": front.points[:1] * np.arange(1, 1 + len(front.points))[:, None]},
        lambda front: {"genes": np.zeros_like(front.genes)},
        lambda front: {"genes": front.genes + 100},
        lambda front: {"genes": front.genes[:0], "points": front.points[:0]},
    ],
    ids=["question", "short", "nan", "dominated", "unconnected", "outside", "empty"],
)
def test_what_is_no_front_of_the_problem_is_not_believed(change, problem, caplog):
    first = cached_exact_front(problem)
    rewritten(first.path, **change(first.front))
    again = cached_exact_front(problem)
    assert not again.was_kept
    assert_same(again.front, first.front)
    assert len(caplog.records) == 1


def test_a_problem_that_cannot_say_what_it_is_is_computed_each_time(folder):
    class Nameless(Staircase):
        def identity(self):
            return None

    found = cached_exact_front(Nameless())
    assert (found.path, found.was_kept) == (None, False)
    assert found.why_not
    assert not folder.exists()
    assert len(np.unique(found.front.points, axis=0)) == 25


def test_what_cannot_be_listed_has_no_exact_front_of(staircase, monkeypatch, folder):
    space = staircase.designs.space
    monkeypatch.setattr(space, "networks", lambda: None, raising=False)
    staircase.designs = DesignSpace(space, (8,), staircase.designs.cut_rule)
    assert cached_exact_front(staircase) is None
    assert exact_front_of(staircase) is None
    assert not folder.exists()


def test_the_folder_is_the_one_asked_for_or_in_the_home_folder(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.setenv("EVONASC_CACHE", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "evonasc"


def test_a_user_without_a_home_gets_an_answer(monkeypatch, staircase):
    monkeypatch.setattr(exact_cache, "cache_folder", lambda: None)
    found = cached_exact_front(staircase)
    assert (found.path, found.why_not) == (None, "there is no home folder")
