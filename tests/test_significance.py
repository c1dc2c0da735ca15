"""Tests of significance against published examples and by hand."""

import numpy as np
import pytest

from evonasc.analysis.significance import (
    a12,
    compare_pairs,
    fewest_seeds,
    holm,
    signed_rank,
    verdict,
)

EVEN = np.arange(10.0)


def test_holm_multiplies_by_the_number_of_hypotheses_left():
    assert holm([0.01, 0.02, 0.03, 0.005]) == pytest.approx([0.03, 0.04, 0.04, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_effect_size_is_the_chance_to_be_larger():
    assert a12(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == 1.0
    assert a12(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == 0.5
    assert a12(np.array([1.0, 5.0]), np.array([2.0, 3.0, 4.0])) == 0.5
    assert a12(np.array([1.0, 2.5]), np.array([2.0, 3.0, 4.0])) == pytest.approx(1 / 6)


def test_the_signed_rank_test_knows_the_smallest_p_value():
    assert signed_rank(EVEN[:6] + 1, EVEN[:6]) == pytest.approx(2 / 2**6)
    assert signed_rank(EVEN, EVEN) == 1.0


def test_equal_pairs_make_no_difference_more_significant():
    """Five of 31 pairs differ, all the same way: at best 2 ** -4, not the 0.043 of a normal law."""
    first = np.ones(31)
    first[:5] += [0.1, 0.2, 0.3, 0.4, 0.5]
    assert signed_rank(first, np.ones(31)) == pytest.approx(2**-4)
    first[:5] = 1.1
    assert signed_rank(first, np.ones(31)) == pytest.approx(2**-4)


def test_rounding_is_no_difference():
    shares = np.full(8, 0.3)
    assert signed_rank(shares, shares + 1e-15) == 1.0
    assert a12(shares, shares + 1e-15) == 0.5


def test_pairs_name_the_larger_median_first_and_correct_for_their_number():
    steps = np.linspace(0.1, 0.2, 10)
    values = {"low": EVEN, "high": EVEN + steps, "higher": EVEN + 2 * steps}
    pairs = {(pair.first, pair.second): pair for pair in compare_pairs(values)}
    assert set(pairs) == {("high", "low"), ("higher", "low"), ("higher", "high")}
    for pair in pairs.values():
        assert pair.p_value == pytest.approx(2 / 2**10)
        assert pair.p_holm == pytest.approx(3 * 2 / 2**10)
        assert pair.is_significant
        assert pair.median_difference > 0
        assert pair.a12 > 0.5


def test_equal_contenders_are_never_told_apart():
    (pair,) = compare_pairs({"a": EVEN, "b": EVEN.copy()})
    assert (pair.p_holm, pair.a12, pair.is_significant) == (1.0, 0.5, False)
    assert compare_pairs({"a": EVEN}) == []
    with pytest.raises(ValueError, match="same seeds"):
        compare_pairs({"a": EVEN, "b": EVEN[:5]})


def test_fewest_seeds_is_where_the_smallest_p_value_passes():
    assert fewest_seeds(1) == 6  # 2 ** -5 = 0.031
    assert fewest_seeds(6) == 8  # 6 * 2 ** -7 = 0.047


def test_the_verdict_says_what_is_significant_and_what_is_not():
    noise = np.array([0.3, -0.2, 0.1, -0.4, 0.2, -0.1, 0.35, -0.3, 0.15, -0.05])
    values = {"good": EVEN + 5, "near": EVEN + 4.9 + noise, "bad": EVEN}
    text = verdict(values)
    assert text.startswith("good has the largest median; significantly ahead of bad")
    assert "not significantly ahead of near" in text
    few = {name: column[:4] for name, column in values.items()}
    assert "4 seeds are too few for any p below 0.05, 7 are not" in verdict(few)
    assert verdict({"alone": EVEN}) == "alone has the largest median."
