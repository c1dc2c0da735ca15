"""Tables of names: built-ins, what other packages add, and what may be wrong with that."""

from importlib.metadata import EntryPoint
from types import SimpleNamespace

import numpy as np
import pytest

from evonasc import plugins
from evonasc.cli import main
from evonasc.cost.link import uplink_ms
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, PluginError, UnknownNameError
from evonasc.plugins import Registry
from evonasc.runs.run import RunConfig, make_problem
from evonasc.runs.trials import contender_config
from evonasc.search.algorithms import algorithm
from evonasc.search.config import SearchConfig
from evonasc.search.operator_table import operator, require_operators

HERE = "test_plugins"


class Foreign:
    """A space that is none."""


def give_nothing(config):
    return None


def fail(*arguments):
    raise ZeroDivisionError("no luck")


def choosy(config):
    raise ConfigError("this problem wants another scenario.")


def slow_link(scenario, argument):
    """Takes as many ms as its argument says."""
    return SimpleNamespace(
        provenance="made up", uplink_ms=lambda payload: np.full(len(payload), float(argument))
    )


@pytest.fixture
def install(monkeypatch):
    """Return a function that installs entry points: (group, name, target), dist ``other 2.0``."""
    installed = {}

    def points(*, group):
        return installed.get(group, [])

    def add(group, name, target, *, dist="other"):
        point = EntryPoint(name, target, f"evonasc.{group}")
        vars(point).update(dist=SimpleNamespace(name=dist, version="2.0"))
        installed.setdefault(f"evonasc.{group}", []).append(point)
        plugins.forget()

    monkeypatch.setattr(plugins, "entry_points", points)
    plugins.forget()
    yield add
    plugins.forget()


def test_a_table_holds_built_ins_and_what_other_packages_add(install):
    install("things", "theirs", "math:pi")
    table = Registry("thing", "things", {"ours": ("math:e", "the base")})
    assert list(table) == ["ours", "theirs"]
    assert [(one.name, one.source) for one in table.entries()] == [
        ("ours", "evonasc"),
        ("theirs", "other 2.0"),
    ]
    assert table.load("theirs") == pytest.approx(3.14159, abs=1e-5)


def test_nothing_is_imported_before_it_is_asked_for(install):
    install("things", "broken", "no_such_module:x")
    install("things", "fine", "math:pi")
    table = Registry("thing", "things", {})
    assert list(table) == ["broken", "fine"]
    assert table.load("fine") > 3
    with pytest.raises(PluginError, match=r"'broken' of other 2\.0 .*No module named 'no_such"):
        table.load("broken")


def test_a_name_that_two_packages_use_is_refused_with_both(install):
    install("algorithms", "nsga2", "math:pi")
    with pytest.raises(PluginError, match=r"by evonasc \(.*nsga2\) and by other 2\.0 \(math:pi\)"):
        algorithm("nsga2")
    assert callable(algorithm("nsga3"))


def test_a_taken_name_of_a_machine_is_refused_when_it_is_to_predict(install):
    from evonasc.cost.machines import total_ms

    install("hardware", "fpga", "math:pi")
    with pytest.raises(PluginError, match="must stand for one hardware"):
        total_ms("fpga", np.zeros((1, 6), dtype=int))


def test_an_unknown_name_knows_the_names_of_others(install):
    install("things", "theirs", "math:pi")
    with pytest.raises(UnknownNameError, match="Did you mean 'theirs'"):
        Registry("thing", "things", {}).load("thiers")


def test_a_name_that_nobody_could_type_is_refused(install):
    install("things", "two words", "math:pi")
    with pytest.raises(PluginError, match="letters, digits"):
        Registry("thing", "things", {}).load("two words")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (f"{HERE}:fail", "ended in ZeroDivisionError: no luck"),
        (f"{HERE}:give_nothing", "must give a pymoo problem, got NoneType"),
        ("math:pi", "must be callable, got float"),
        ("math:absent", "ended in AttributeError"),
    ],
)
def test_a_problem_that_is_none_says_whose_it_is(install, target, message):
    install("problems", "odd", target)
    with pytest.raises(PluginError, match=rf"'odd' of other 2\.0 .*{message}"):
        make_problem(RunConfig(problem="odd"))


def test_what_a_plug_in_refuses_on_purpose_is_told_in_its_own_words(install):
    install("problems", "choosy", f"{HERE}:choosy")
    with pytest.raises(ConfigError, match=r"^this problem wants another scenario\.$"):
        make_problem(RunConfig(problem="choosy"))


def test_a_space_must_be_one(install):
    from evonasc.space import search_space

    install("spaces", "odd", f"{HERE}:Foreign")
    with pytest.raises(PluginError, match="must give a SearchSpace, got Foreign"):
        search_space("odd")


def test_a_machine_must_be_a_file(install):
    install("hardware", "odd", "math:pi")
    with pytest.raises(PluginError, match=r"path of a \.npz or \.toml file, got 3\.14"):
        Scenario(head_hardware="odd")


def test_a_link_of_another_package_gives_the_time_to_send(install):
    install("links", "slow", f"{HERE}:slow_link")
    times = uplink_ms(Scenario(link="slow:25"), np.array([0.0, 10.0, 1e6]))
    assert times.tolist() == [0.0, 25.0, 25.0]
    with pytest.raises(PluginError, match="finite times of at least 0 ms"):
        uplink_ms(Scenario(link="slow:-1"), np.array([1.0]))
    with pytest.raises(PluginError, match="ValueError: could not convert"):
        uplink_ms(Scenario(link="slow:x"), np.array([1.0]))


def test_operators_are_of_the_kind_they_are_asked_for():
    with pytest.raises(ConfigError, match="mutation must name a mutation, got 'design-sampling'"):
        operator("design-sampling", kind="mutation")
    with pytest.raises(ConfigError, match="got 'random', which uses no operators"):
        require_operators(SearchConfig(algorithm="random", mutation="mine:Own"))


def test_an_operator_is_a_variation_in_a_comparison():
    search = contender_config("nsga2+design-mutation", RunConfig()).search
    assert (search.algorithm, search.mutation) == ("nsga2", "design-mutation")
    with pytest.raises(ConfigError, match="is one of deap-nsga2"):
        contender_config("random+design-mutation", RunConfig())


def test_the_list_says_who_brings_what_and_what_is_broken(install, capsys):
    install("algorithms", "worse", f"{HERE}:slow_link")
    install("algorithms", "absent", "no_such_module:x")
    assert main(["list", "algorithms"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "worse other 2.0 Takes as many ms as its argument says" in out
    assert "absent other 2.0 CANNOT BE USED: The algorithm 'absent' of other 2.0" in out
    assert "nsga2 evonasc NSGA-II" in out


@pytest.mark.parametrize("kind", ["links", "objectives", "operators", "spaces"])
def test_every_table_can_be_listed(kind, capsys):
    assert main(["list", kind]) == 0
    assert "evonasc" in capsys.readouterr().out


def test_the_example_of_every_group_is_a_group_that_is_read():
    from evonasc.contracts.checking import TABLES

    assert sorted(TABLES) == [
        "algorithms",
        "hardware",
        "links",
        "objectives",
        "operators",
        "problems",
        "spaces",
    ]
