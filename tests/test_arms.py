"""Arms of a comparison: settings of their own, and what a folder holds is kept."""

import csv
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from evonasc import ComparisonConfig, RunConfig, compare
from evonasc.analysis.significance import compare_pairs, verdict
from evonasc.cli import main
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.runs.arms import Arm, parse_arm

TOY = ComparisonConfig(
    base=RunConfig(problem="toy"),
    scenarios=(RunConfig().scenario,),
    contenders=(Arm("small", "nsga2", (("pop_size", 4),)), "random"),
    budgets=(40,),
    n_seeds=2,
)
WORDS = ("compare", "--problem", "toy", "--seeds", "2", "--no-plot", "--quiet", "--out")


@pytest.mark.parametrize(
    ("text", "arm"),
    [
        ("small: nsga2 pop_size=20", Arm("small", "nsga2", (("pop_size", 20),))),
        ("a : nsga2+refine  pop-size=8", Arm("a", "nsga2+refine", (("pop_size", 8),))),
        ("cold: nasc is_warm=false", Arm("cold", "nasc", (("is_warm", False),))),
        ("penal: nasc penalty_weight=2 threshold_rule=penalty",
         Arm("penal", "nasc", (("penalty_weight", 2.0), ("threshold_rule", "penalty")))),
        ("plain: random", Arm("plain", "random")),
    ],
)  # fmt: skip
def test_an_arm_is_read_with_its_types(text, arm):
    assert parse_arm(text) == arm
    assert Arm.of(arm.name, arm.described()) == arm


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nsga2 pop_size=20", "arm must be 'NAME: ALGORITHM FIELD=VALUE"),
        ("a:", "arm must be 'NAME: ALGORITHM FIELD=VALUE"),
        ("../a: nsga2", "name of an arm must be up to 60 letters"),
        ("a: nsga2 pop_size", "FIELD=VALUE, each once, got 'pop_size'"),
        ("a: nsga2 pop_size=1 pop_size=2", "each once"),
        ("a: nsga2 size=20", "size of the arm 'a' is not read by nsga2"),
        ("a: random pop_size=20", "pop_size of the arm 'a' is not read by random, which reads"),
        ("a: nsga2 seed=3", "seed of the arm 'a' is not read"),
        ("a: nsga2 pop_size=many", "pop_size of the arm 'a' must be a whole number, got 'many'"),
        ("a: nsga2 pop_size=2.5", "pop_size of the arm 'a' must be a whole number, got 2.5"),
        ("a: nsga3x", "Unknown algorithm 'nsga3x'"),
    ],
)
def test_what_is_no_arm_is_told(text, message):
    with pytest.raises((ConfigError, UnknownNameError), match=message.replace("+", r"\+")):
        parse_arm(text)


def test_a_value_out_of_range_is_refused_before_any_search(tmp_path, capsys):
    assert main([*WORDS, str(tmp_path / "c"), "--arm", "a: nsga2 pop_size=1"]) == 2
    assert "pop_size must be at least 2, got 1" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_arms_are_searched_with_their_own_settings(tmp_path):
    alone = [
        compare(replace(TOY, contenders=contenders), tmp_path / str(place)).trials
        for place, contenders in enumerate(
            [TOY.contenders, ("nsga2",), (Arm("nsga2", "nsga2", (("pop_size", 4),)),)]
        )
    ]
    small, usual, same = (
        [trial.points.tolist() for key, trial in trials.items() if key.contender != "random"]
        for trials in alone
    )
    assert small == same
    assert small != usual


def test_an_arm_of_that_name_with_other_settings_is_refused(tmp_path):
    compare(TOY, tmp_path)
    other = replace(TOY, contenders=(Arm("small", "nsga2", (("pop_size", 6),)),))
    with pytest.raises(ConfigError, match="small.settings.pop_size is 4, not 6"):
        compare(other, tmp_path)


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_fewer_arms_in_a_rerun_drop_none_of_the_others(tmp_path):
    words = [word for word in WORDS if word not in ("--problem", "toy")]
    out = str(tmp_path / "c")
    arms = ("--arm", "small: nsga2 pop_size=4", "--arm", "large: nsga2 pop_size=20")
    both = ("--scenario", "raspi4-edgegpu-10mbps,raspi4-edgegpu-5mbps", "--budget", "40,60")
    assert main([*words, out, *arms, *both]) == 0
    names = ("summary.csv", "pairs.csv", "trials.csv")
    before = {name: rows_of(tmp_path / "c" / name) for name in names}
    assert len(before["trials.csv"]) == 2 * 2 * 2 * 2
    assert {row["contender"] for row in before["trials.csv"]} == {"small", "large"}
    assert main([*words, out, *arms[:2], "--budget", "40"]) == 0
    for name in names:
        after = rows_of(tmp_path / "c" / name)
        assert sorted(map(repr, after)) == sorted(map(repr, before[name]))
    # one more seed of one of them: the others stay, with the seeds that they have
    assert main([*words, out, *arms[:2], "--budget", "40", "--seeds", "3"]) == 0
    after = {name: rows_of(tmp_path / "c" / name) for name in names}
    trials = Counter(
        (row["scenario"], row["contender"], row["budget"]) for row in after["trials.csv"]
    )
    first, second = "raspi4-edgegpu-10mbps", "raspi4-edgegpu-5mbps"
    assert trials == {
        (scenario, contender, budget): 2 + ((scenario, contender, budget) == (first, "small", "40"))
        for scenario in (first, second)
        for contender in ("small", "large")
        for budget in ("40", "60")
    }
    # pairs are of the seeds that both have: as they were
    assert sorted(map(repr, after["pairs.csv"])) == sorted(map(repr, before["pairs.csv"]))
    assert {row["n_seeds"] for row in after["pairs.csv"]} == {"2"}
    report = (tmp_path / "c" / "report.md").read_text()
    assert report.count("large (2 seeds)") == 2  # budgets 40 and 60 of the first scenario
    assert main([*words, out, *arms, *both]) == 0
    assert len(rows_of(tmp_path / "c" / "trials.csv")) == 2 * 2 * 2 * 2 + 1


@pytest.mark.slow
def test_what_changed_since_is_left_out_and_said(tmp_path, capsys):
    trace, out = tmp_path / "t.csv", tmp_path / "c"
    trace.write_text("time_s,mbps\n0,8\n1,4\n")
    words = ["compare", "--algos", "random", "--seeds", "1", "--budget", "20"]
    words += ["--out", str(out)]
    first, second = "raspi4-edgegpu-10mbps", "raspi4-edgegpu-5mbps"
    assert main([*words, "--scenario", first, "--link", f"trace:{trace}"]) == 0
    assert main([*words, "--scenario", second]) == 0
    traced = f"{first} (trace t.csv)"
    figures = {path.name for path in out.glob("*.png")}
    assert len(figures) == 4
    (out / "fronts-of-my-own.png").write_bytes(b"mine")  # is nobody's to remove
    assert main(["show", str(out)]) == 0
    assert "changed since" not in capsys.readouterr().out
    assert {row["scenario"] for row in rows_of(out / "trials.csv")} == {traced, second}
    capsys.readouterr()
    for change, why in (
        (lambda: trace.write_text("time_s,mbps\n0,8\n1,2\n"), "link trace:t.csv changed since."),
        (trace.unlink, f"Cannot read the link trace {trace}: No such file or directory."),
    ):
        change()
        assert main(["show", str(out)]) == 0
        is_there = trace.exists()
        shown = " ".join(capsys.readouterr().out.split())
        assert (f"link trace:{trace} changed since: these tables are of" in shown) == is_there
        assert main([*words, "--scenario", second]) == 0
        assert {row["scenario"] for row in rows_of(out / "trials.csv")} == {second}
        assert f"\nLeft out: {traced}: {why}\n" in (out / "report.md").read_text()
        text = " ".join(capsys.readouterr().out.split())
        assert f"Left out: {traced}:" in text
        # the figures of what is left out go too, once, and are said to
        left = {path.name for path in out.glob("*.png")}
        assert "fronts-of-my-own.png" in left
        assert left - {"fronts-of-my-own.png"} < figures
        assert len(left) == 3
        assert ("Removed, of what is left out: fronts-" in text) == is_there


@pytest.mark.parametrize(
    "described",
    [
        {"settings": 3},
        {"settings": {"pop_size": "many"}},
        {"algorithm": "none"},
        {"inputs": [1]},
        3,
    ],
)
def test_an_arm_that_a_folder_describes_badly_is_left_out(described, tmp_path):
    compare(TOY, tmp_path)
    path = tmp_path / "comparison.json"
    document = json.loads(path.read_text())
    document["contenders"]["bad"] = described
    path.write_text(json.dumps(document))
    comparison = compare(TOY, tmp_path)
    assert comparison.config.names == TOY.names
    assert [line for line in comparison.left_out if "bad" in line] or not isinstance(
        described, dict
    )


def test_each_search_has_a_row_with_what_it_is_worth(tmp_path):
    comparison = compare(TOY, tmp_path)
    assert main([*WORDS, str(tmp_path), "--arm", "small: nsga2 pop_size=4", "--algos", "random",
                 "--budget", "40"]) == 0  # fmt: skip
    rows = rows_of(tmp_path / "trials.csv")
    for key, value in comparison.trial_indicators.items():
        (row,) = (
            row for row in rows if (row["contender"], row["seed"]) == (key.contender, str(key.seed))
        )
        assert float(row["hypervolume_share"]) == value.hypervolume_share
        assert int(row["n_evaluated"]) == value.n_evaluated
    text = (tmp_path / "tables.tex").read_text()
    assert text.count(r"\textbf{") == 1
    assert "Holm" in text


def test_a_population_that_nobody_reads_is_refused(tmp_path, capsys):
    words = [*WORDS, str(tmp_path / "c"), "--algos", "random,nasc", "--pop-size", "20"]
    assert main(words) == 2
    assert (
        "--pop-size is not read by random, nasc: none has a population" in capsys.readouterr().err
    )


# Sentences and their numbers


@pytest.mark.parametrize("seed", range(30))
def test_whoever_is_called_ahead_is_not_behind(seed):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=11)
    values = {
        name: shared + rng.normal(scale=2.0, size=11) ** 3 + shift
        for name, shift in zip("abcd", rng.normal(scale=0.5, size=4), strict=True)
    }
    pairs = compare_pairs(values)
    for pair in pairs:
        assert pair.median_difference >= 0
        ahead = np.median(values[pair.first] - values[pair.second])
        assert pair.median_difference == ahead
    sentence = verdict(values)
    best = max(values, key=lambda name: np.median(values[name]))
    assert sentence.startswith(f"{best} has the largest median")
    for pair in pairs:
        if pair.is_significant and pair.second == best:
            assert f"seed by seed {pair.first}" in sentence


def test_equal_values_and_single_seeds_are_no_lead():
    same = {"a": np.ones(5), "b": np.ones(5)}
    (pair,) = compare_pairs(same)
    assert (pair.median_difference, pair.is_significant) == (0.0, False)
    assert "significantly" not in verdict(same).replace("not significantly", "")
    one = {"a": np.ones(1), "b": np.zeros(1)}
    assert "too few for any p below 0.05" in verdict(one)
