"""Sources of the error by name: what is refused, and whose fault a broken plug-in is."""

import typing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evonasc.benchmark import Benchmark, ErrorKind
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, PluginError
from evonasc.nasbench201 import BENCHMARK
from evonasc.plugins import Registry
from evonasc.problems import SplitNasProblem
from evonasc.problems.toy import ToySpace
from evonasc.runs.config import ErrorChoice
from evonasc.runs.error_table import choice_of, make_source, settled_choice
from evonasc.supernet.live_options import LiveOptions

GENES = np.array([[0, 0, 0, 3, 0, 0, 5], [0, 0, 0, 3, 0, 0, 19]])
NARROW = Scenario(payload_bits=(4,))


@dataclass(frozen=True)
class Options:
    """Hints as older code writes them."""

    path: typing.Optional[Path] = None  # noqa: UP045
    share: typing.Union[float, None] = None  # noqa: UP007


def kind(error, **more):
    made = SimpleNamespace(provenance="error: made up.", error=error, **more)
    return ErrorKind(Options, lambda options, request: made)


def divided(genes, *, designs, **others):
    raise ZeroDivisionError("no luck")


def halves(genes, *, designs, **others):
    return np.full(len(genes), 0.5)


def unmade(options, request):
    raise ZeroDivisionError("no luck")


UNMADE = ErrorKind(Options, unmade)
NOTHING = ErrorKind(Options, lambda options, request: None)
FAILING = kind(divided)
LISTS = kind(lambda genes, *, designs: [0.5] * len(genes))
SHORT = kind(lambda genes, *, designs: np.array([0.5]))
WORDS = kind(lambda genes, *, designs: np.array(["half"] * len(genes)))
PERCENT = kind(lambda genes, *, designs: np.linspace(-1, 50, len(genes)))
GOOD = kind(halves)
AWARE = kind(halves, payload_increase=halves, payload_provenance=lambda: "made up.")
LOST = kind(halves, payload_increase=divided, payload_provenance=lambda: "made up.")
MUTE = kind(halves, payload_increase=halves, payload_provenance=lambda: 1 // 0)


def source(name, benchmark=BENCHMARK):
    return make_source(ErrorChoice(f"test_foreign_errors:{name}", Options()), benchmark, seed=0)


def columns(name, scenario=None):
    return SplitNasProblem(BENCHMARK, scenario or Scenario(), source(name)).columns(GENES)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("UNMADE", "calling it ended in ZeroDivisionError: no luck"),
        ("NOTHING", "it must give error.genes, designs. and provenance, got NoneType"),
        ("FAILING", "calling it ended in ZeroDivisionError: no luck"),
        ("LISTS", r"error must give an array of shape \(2,\)"),
        ("SHORT", r"error must give an array of shape \(2,\)"),
        ("WORDS", "error must give numbers, got <U4"),
        ("PERCENT", r"error must give fractions in \[0, 1\], got -1 to 50"),
    ],
)
def test_a_broken_source_says_whose_it_is(name, message):
    with pytest.raises(
        PluginError, match=f"The accuracy 'test_foreign_errors:{name}' cannot be used: {message}"
    ):
        columns(name)


@pytest.mark.parametrize("name", ["LOST", "MUTE"])
def test_one_that_breaks_on_payloads_says_whose_it_is(name):
    assert columns(name)["error"].tolist() == [0.5, 0.5]
    with pytest.raises(PluginError, match=f"'test_foreign_errors:{name}' .* ZeroDivisionError"):
        columns(name, NARROW)


def test_a_sound_source_gives_its_errors_and_keeps_what_it_knows_of_payloads():
    assert columns("GOOD", NARROW)["error"].tolist() == [0.5, 0.5]
    assert columns("AWARE", NARROW)["error"].tolist() == [1.0, 1.0]
    assert source("GOOD").provenance == "error: made up."


def test_a_benchmark_of_another_package_need_not_say_so_in_its_tables():
    table = Registry("accuracy", "errors", {"odd": ("test_foreign_errors:FAILING", "fails")})
    theirs = Benchmark("theirs", ToySpace, errors=table, source="theirs 1.0")
    made = make_source(ErrorChoice("odd", Options()), theirs, seed=0)
    with pytest.raises(PluginError, match="'odd' of theirs 1.0 .* ZeroDivisionError: no luck"):
        made.error(GENES, designs=None)


def test_options_of_another_source_are_refused():
    with pytest.raises(
        ConfigError, match="of accuracy 'joined' must be of type .*, got LiveOptions"
    ):
        settled_choice(ErrorChoice("joined", LiveOptions(n_images=5)), BENCHMARK, trains=False)


def test_a_space_offers_only_sources_that_fit_the_search():
    bare = Benchmark("bare", ToySpace)
    with pytest.raises(ConfigError, match="brings no weights that a search can train"):
        settled_choice(ErrorChoice(), bare, trains=True)
    with pytest.raises(ConfigError, match="no source of errors of its own. Name one of table with"):
        settled_choice(ErrorChoice(), bare, trains=False)
    both = Benchmark("both", ToySpace, errors=BENCHMARK.errors)
    with pytest.raises(ConfigError, match="that a search can train .* one of cotrained with"):
        settled_choice(ErrorChoice(), both, trains=True)


def test_hints_of_either_spelling_are_read():
    given = {"path": "here", "share": "1"}
    choice = choice_of("test_foreign_errors:GOOD", given, BENCHMARK, trains=False)
    assert choice.options == Options(Path("here"), 1.0)
