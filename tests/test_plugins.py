"""Tables of names: built-ins, what other packages add, and what may be wrong with that."""

from dataclasses import replace
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import numpy as np
import pytest

from evonasc import plugins
from evonasc.cli import main
from evonasc.cost.link_table import link_of
from evonasc.cost.machine_table import machine_of
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, PluginError, UnknownNameError
from evonasc.nasbench201 import BENCHMARK
from evonasc.plugins import Registry
from evonasc.problems import Staircase
from evonasc.runs.config import ErrorChoice, ProblemKind, RunConfig
from evonasc.runs.prepare import prepare
from evonasc.runs.run import run
from evonasc.runs.trials import contender_config
from evonasc.search.algorithm import Algorithm
from evonasc.search.algorithms import algorithm
from evonasc.search.config import SearchConfig
from evonasc.search.operator_table import operator
from evonasc.search.refinement import SplitRefinement

HERE = "test_plugins"


class Foreign:
    """A space that is none."""


def give_nothing(config):
    return None


def fail(*arguments):
    raise ZeroDivisionError("no luck")


def choosy(config):
    raise ConfigError("this problem wants another scenario.")


def drawn(archive, config):
    """Draw designs at random and cut each where its network is fastest, if so asked."""
    refinement = SplitRefinement.of(archive.problem, config)
    rng = np.random.default_rng(config.seed)
    while True:
        yield refinement.refined(archive.problem.designs.sample(10, rng=rng))


DRAWN = Algorithm(drawn, can_refine=True)


def plain(config):
    return Staircase()


READING = ProblemKind(plain, reads=frozenset({"scenario"}))


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
        plugins._points.cache_clear()

    monkeypatch.setattr(plugins, "entry_points", points)
    plugins._points.cache_clear()
    yield add
    plugins._points.cache_clear()


def machine(name):
    return machine_of(name, space=BENCHMARK.make_space(), known=BENCHMARK.machines)


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
    with pytest.raises(PluginError, match=r"by evonasc \(.*nsga2:.*\) and by other 2.0 \(math:pi"):
        algorithm("nsga2")
    assert callable(algorithm("nsga3").search)


def test_a_taken_name_of_a_machine_is_refused_when_it_is_to_predict(install):
    install("hardware", "fpga", "math:pi")
    with pytest.raises(PluginError, match="must stand for one hardware"):
        machine("fpga")


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
        ("math:pi", r"must be a ProblemKind or callable, got 3\.14"),
        ("math:absent", "ended in AttributeError"),
    ],
)
def test_a_problem_that_is_none_says_whose_it_is(install, target, message):
    install("problems", "odd", target)
    with pytest.raises(PluginError, match=rf"'odd' of other 2\.0 .*{message}"):
        prepare(RunConfig(problem="odd"))


def test_what_a_problem_does_not_read_is_refused_by_name(install):
    install("problems", "plain", f"{HERE}:plain")
    install("problems", "reading", f"{HERE}:READING")
    other = RunConfig(problem="plain", scenario=Scenario(uplink_mbps=3.0))
    with pytest.raises(ConfigError, match=r"^--scenario .* is not read by the problem 'plain'"):
        prepare(other)
    assert prepare(replace(other, problem="reading")).problem.n_obj == 2
    with pytest.raises(ConfigError, match=r"^--accuracy .*'reading', which reads --scenario\."):
        prepare(RunConfig(problem="reading", error=ErrorChoice("supernet")))


def test_what_a_plug_in_refuses_on_purpose_is_told_in_its_own_words(install):
    install("problems", "choosy", f"{HERE}:choosy")
    with pytest.raises(ConfigError, match=r"^this problem wants another scenario\.$"):
        prepare(RunConfig(problem="choosy"))


def test_a_space_must_be_one(install):
    from evonasc.runs.benchmarks import search_space

    install("spaces", "odd", f"{HERE}:Foreign")
    with pytest.raises(PluginError, match="must give a SearchSpace or a Benchmark, got Foreign"):
        search_space("odd")


def test_a_machine_must_be_a_file(install):
    install("hardware", "odd", "math:pi")
    with pytest.raises(PluginError, match=r"path of a \.npz or \.toml file, got 3\.14"):
        machine("odd")


def test_a_link_of_another_package_gives_the_time_to_send(install):
    install("links", "slow", f"{HERE}:slow_link")
    times = link_of(Scenario(link="slow:25")).send_ms(np.array([0.0, 10.0, 1e6]))
    assert times.tolist() == [0.0, 25.0, 25.0]
    with pytest.raises(PluginError, match="finite times of at least 0 ms"):
        link_of(Scenario(link="slow:-1")).send_ms(np.array([1.0]))
    with pytest.raises(PluginError, match="ValueError: could not convert"):
        link_of(Scenario(link="slow:x")).send_ms(np.array([1.0]))


def test_operators_are_of_the_kind_they_are_asked_for():
    with pytest.raises(ConfigError, match="mutation must name a mutation, got 'design-sampling'"):
        operator("design-sampling", kind="mutation")
    search = SearchConfig(mutation="design-sampling")
    with pytest.raises(ConfigError, match="mutation must name a mutation, got 'design-sampling'"):
        run(RunConfig(problem="toy", search=search))


def test_an_operator_of_no_kind_says_whose_it_is(install):
    install("operators", "odd", f"{HERE}:Foreign")
    with pytest.raises(PluginError, match=r"'odd' of other 2\.0 .*Crossover or Mutation, got Fore"):
        operator("odd", kind="mutation")


def test_an_operator_is_a_variation_in_a_comparison():
    search = contender_config("nsga2+design-mutation", RunConfig()).search
    assert (search.algorithm, search.mutation) == ("nsga2", "design-mutation")
    with pytest.raises(ConfigError, match="must be one of deap-nsga2"):
        contender_config("random+design-mutation", RunConfig())


def run_toy(name, **options):
    search = SearchConfig(algorithm=name, budget=60, **options)
    return run(RunConfig(problem="toy", search=search))


def test_an_algorithm_of_another_package_may_refine(install, tmp_path):
    install("algorithms", "drawn", f"{HERE}:DRAWN")
    for is_refined in (False, True):
        result = run_toy("drawn", refine_split=is_refined)
        is_fastest = result.columns["latency_ms"] == result.genes[:, :6].sum(axis=1)
        assert is_fastest.all() == is_refined
    command = ["run", "--problem", "toy", "--budget", "60", "--quiet", "--no-plot"]
    command += ["--algo", "drawn", "--refine-split"]
    assert main([*command, "--out", str(tmp_path / "r")]) == 0
    assert contender_config("drawn+refine", RunConfig(problem="toy")).search.refine_split
    with pytest.raises(ConfigError, match="got --patience 5 with --algo drawn, which does not"):
        run_toy("drawn", patience=5)
    with pytest.raises(ConfigError, match="'cold' .* must be one of hwnas, nasc, got 'drawn.cold'"):
        contender_config("drawn+cold", RunConfig(problem="toy"))


def test_a_bare_function_is_an_algorithm_that_may_read_what_it_likes_but_not_refine(install):
    install("algorithms", "bare", f"{HERE}:drawn")
    assert len(run_toy("bare", patience=5, mutation="mine:Own").genes) == 60
    with pytest.raises(ConfigError, match="--refine-split must be used with one of .* --algo bare"):
        run_toy("bare", refine_split=True)


def test_an_algorithm_must_be_one(install):
    install("algorithms", "odd", "math:pi")
    with pytest.raises(PluginError, match="must be an Algorithm or a function .*, got float"):
        algorithm("odd")


def test_the_list_says_who_brings_what_and_what_is_broken(install, capsys):
    install("algorithms", "worse", f"{HERE}:slow_link")
    install("algorithms", "better", f"{HERE}:DRAWN")
    install("algorithms", "absent", "no_such_module:x")
    assert main(["list", "algorithms"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "worse other 2.0 Takes as many ms as its argument says" in out
    assert "better other 2.0 Draw designs at random and cut" in out
    assert "absent other 2.0 CANNOT BE USED: The algorithm 'absent' of other 2.0" in out
    assert "nsga2 evonasc NSGA-II" in out


def test_the_list_of_algorithms_says_which_read_an_option(capsys):
    assert main(["list", "algorithms"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    readers = dict(line for line in lines if len(line) == 2 and line[0].startswith("--"))
    assert readers["--fixed-cut"].strip() == "hwnas"
    assert readers["--n-samples"].strip() == "hwnas, nasc, nasc-cotrain"
    assert readers["--penalty-weight"].strip() == "gdas, hwnas, nasc, nasc-cotrain"


@pytest.mark.parametrize(
    "kind", ["errors", "links", "objectives", "operators", "spaces", "variations"]
)
def test_every_table_can_be_listed(kind, capsys):
    assert main(["list", kind]) == 0
    assert "evonasc" in capsys.readouterr().out


def test_the_example_of_every_group_is_a_group_that_is_read():
    from evonasc.contracts.kinds import KINDS, tables_of

    assert {table.group for kind in KINDS for table in tables_of(kind, BENCHMARK)} == {*KINDS}
    assert sorted(KINDS) == [
        "algorithms",
        "errors",
        "hardware",
        "links",
        "objectives",
        "operators",
        "problems",
        "scenarios",
        "spaces",
        "variations",
    ]
