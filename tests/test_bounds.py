"""Bounds by hand: who keeps to them, by how much others miss, and how they are named."""

import numpy as np
import pytest

from evonasc.bounds import (
    Bound,
    excesses,
    in_words,
    is_within,
    named,
    nearest_miss,
    read_bounds,
    violations,
)
from evonasc.errors import ConfigError, UnknownNameError

COLUMNS = {"latency_ms": np.array([10.0, 25.0, 30.0]), "error": np.array([0.4, 0.2, 0.1])}
KNOWN = ("error", "latency_ms", "latency_p95_ms", "head_ms", "head_memory_bytes", "energy_mj")


def test_excesses_are_in_units_of_the_limits():
    bounds = (Bound("latency_ms", 20.0), Bound("error", 0.2))
    # (10 - 20) / 20, (25 - 20) / 20, (30 - 20) / 20 and (0.4 - 0.2) / 0.2, 0, (0.1 - 0.2) / 0.2
    np.testing.assert_allclose(excesses(COLUMNS, bounds), [[-0.5, 1], [0.25, 0], [0.5, -0.5]])
    np.testing.assert_allclose(violations(COLUMNS, bounds), [1, 0.25, 0.5])
    assert is_within(COLUMNS, bounds).tolist() == [False, False, False]
    assert is_within(COLUMNS, bounds[1:]).tolist() == [False, True, True]  # the limit is allowed


def test_a_limit_of_zero_counts_in_the_units_of_its_column():
    assert excesses({"g1": np.array([-2.0, 3.0])}, (Bound("g1", 0.0),)).tolist() == [[-2.0], [3.0]]


def test_no_bounds_keep_nobody_out():
    assert is_within(COLUMNS, ()).tolist() == [True] * 3
    assert violations(COLUMNS, ()).tolist() == [0.0] * 3
    assert nearest_miss(COLUMNS, ()) is None
    assert in_words(()) == ""
    assert is_within({}, (Bound("error", 1.0),)).tolist() == []  # nothing evaluated


def test_the_nearest_miss_is_least_in_all():
    bounds = (Bound("latency_ms", 20.0), Bound("error", 0.15))
    miss = nearest_miss(COLUMNS, bounds)
    # shares missed: 0 + 0.25 / 0.15, 0.25 + 0.05 / 0.15, 0.5 + 0
    assert miss.row == 2
    assert str(miss) == "latency_ms by 10 (30)"
    assert nearest_miss(COLUMNS, (Bound("latency_ms", 10.0),)) is None


@pytest.mark.parametrize("limit", [25.0, -4.0])
def test_a_margin_is_taken_off_on_the_safe_side(limit):
    bound = Bound("latency_ms", limit, margin=0.1)
    assert bound.at_most == pytest.approx(limit - 0.1 * abs(limit))
    assert str(Bound("latency_ms", 25.0, margin=0.1)) == "latency_ms <= 22.5 (25 less 10 %)"


def test_a_column_goes_by_its_name_or_by_a_word_that_only_it_has():
    for word, column in (("latency_ms", "latency_ms"), ("p95", "latency_p95_ms")):
        assert named([Bound(word, 1.0)], KNOWN) == [column]
    assert named([Bound("memory", 1.0), Bound("energy", 1.0)], KNOWN) == [
        "head_memory_bytes",
        "energy_mj",
    ]
    with pytest.raises(ConfigError, match="got 'latency', which may be latency_ms, latency_p95_ms"):
        named([Bound("latency", 1.0)], KNOWN)
    with pytest.raises(UnknownNameError, match="column 'eror'. Did you mean 'error'"):
        named([Bound("eror", 1.0)], KNOWN)
    with pytest.raises(ConfigError, match="one bound, got several for latency_p95_ms"):
        named([Bound("p95", 1.0), Bound("latency_p95_ms", 2.0)], KNOWN)


@pytest.mark.parametrize(
    ("text", "column", "limit"),
    [
        ("memory=1.5MB", "head_memory_bytes", 1.5e6),
        ("memory=2 KiB", "head_memory_bytes", 2048.0),
        ("head=0.5kB", "head_memory_bytes", 500.0),  # the unit tells the two apart
        ("head=25ms", "head_ms", 25.0),
        ("latency_ms=0.03s", "latency_ms", 30.0),
        ("p95=900us", "latency_p95_ms", 0.9),
        ("energy=0.05J", "energy_mj", 50.0),
        ("energy_mj=50mJ", "energy_mj", 50.0),
        ("error=30%", "error", 0.3),
        (" error = -1e-3 ", "error", -1e-3),
    ],
)
def test_values_may_have_units(text, column, limit):
    (bound,) = read_bounds([text])
    assert named([bound], KNOWN) == [column]
    assert bound.limit == pytest.approx(limit, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latency=25ms", "which may be"),
        ("speed=25ms", "Unknown column 'speed ms'"),
        ("head_ms=3MB", "A bound must be in ms for head_ms, got one in bytes"),
        ("energy=45ms", "A bound must be in mj for energy_mj, got one in ms"),
        ("error=3ms", "A bound must be in no unit for error, got one in ms"),
    ],
)
def test_units_do_not_make_a_column_of_two_or_of_none(text, message):
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        named(read_bounds([text]), KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "error",
        "=3",
        "error=",
        "error=much",
        "",
        "--",
        "error=nan",
        "error=inf",
        "error=1e",
        "p95=3m",
    ],
)
def test_other_texts_are_no_bounds(text):
    with pytest.raises(ConfigError, match="max must be COLUMN=VALUE, got"):
        read_bounds([text])


def test_a_limit_must_be_finite():
    for text in ("error=1e999", "error=-1e999"):
        with pytest.raises(ConfigError, match="The limit of error must be a number, got"):
            read_bounds([text])


@pytest.mark.parametrize("margin", [1.0, -0.1, float("nan")])
def test_a_margin_must_leave_something(margin):
    with pytest.raises(ConfigError, match="must leave something of the limit"):
        Bound("error", 1.0, margin=margin)
