import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ScatteredCuts, design_spaces, spaces_and_genes

from evonasc.errors import ConfigError, GenomeError
from evonasc.nasbench201.cells import CONV3X3, SKIP
from evonasc.nasbench201.space import NasBench201
from evonasc.problems.toy import ToySpace
from evonasc.space import DesignSpace, Genome

LAST = 19
BARE = (0, 0, 0, SKIP, 0, 0)
CONV = (0, 0, 0, CONV3X3, 0, 0)
NO_PATH = (0, 0, 3, 0, 3, 3)


def every_cut(operations, bits):
    return np.ones((*bits.shape, LAST + 1), dtype=bool)


def no_cut(operations, bits):
    return ~every_cut(operations, bits)


ONE_WIDTH = DesignSpace(NasBench201(), (8,), every_cut)
THREE_WIDTHS = DesignSpace(NasBench201(), (8, 16, 32), every_cut)


def designs_with(*cuts):
    """Return the designs whose networks may be cut at these places only."""
    return DesignSpace(
        NasBench201(), (8,), lambda ops, bits: np.tile(np.isin(range(20), cuts), (*bits.shape, 1))
    )


# Genes and genomes


def test_the_width_is_a_gene_only_where_there_is_a_choice():
    assert ONE_WIDTH.n_choices == (5, 5, 5, 5, 5, 5, 20)
    assert THREE_WIDTHS.n_choices == (5, 5, 5, 5, 5, 5, 20, 3)
    genes = np.array([[*CONV, 4, 2], [*CONV, 4, 0]])
    assert THREE_WIDTHS.bits(genes).tolist() == [[32], [8]]
    assert ONE_WIDTH.bits(genes[:, :7]).tolist() == [[8], [8]]


def test_encode_by_hand():
    genomes = [Genome(CONV, (3,), (8,)), Genome(BARE, (19,), (32,))]
    assert THREE_WIDTHS.encode(genomes).tolist() == [[*CONV, 3, 0], [*BARE, 19, 2]]
    assert ONE_WIDTH.encode(genomes[:1]).tolist() == [[*CONV, 3]]


@given(spaces_and_genes())
def test_decode_and_encode_are_inverse(case):
    designs, genes = case
    np.testing.assert_array_equal(designs.encode(designs.decode(genes)), genes)


def test_no_genomes_are_no_problem():
    assert ONE_WIDTH.encode([]).shape == (0, 7)
    assert ONE_WIDTH.decode(np.zeros((0, 7), dtype=np.int64)) == []
    assert THREE_WIDTHS.canonical(np.zeros((0, 8), dtype=np.int64)).shape == (0, 8)


@pytest.mark.parametrize(
    ("genome", "message"),
    [
        (Genome(CONV, (3,), (16,)), r"payload_bits must be of 8, got \(16,\)"),
        (Genome(CONV, (20,), (8,)), r"split_point must lie in \[0, 19\], got 20"),
        (Genome(CONV, (-1,), (8,)), r"split_point must lie in \[0, 19\], got -1"),
        (Genome((0, 0, 0, 5, 0, 0), (3,), (8,)), "operation gene 3"),
        (Genome((0, 0, 0), (3,), (8,)), r"must be 6 genes, got \(0, 0, 0\)"),
        (Genome((*CONV, 0), (3,), (8,)), "must be 6 genes"),
        (Genome((0, 0, 0, 2.5, 0, 0), (3,), (8,)), "must be integers"),
    ],
)
def test_genomes_outside_the_space_are_refused(genome, message):
    with pytest.raises(GenomeError, match=message):
        ONE_WIDTH.encode([Genome(CONV, (3,), (8,)), genome])


@pytest.mark.parametrize(
    ("genes", "message"),
    [
        (np.zeros(8, dtype=int), r"must have shape \(n, n_genes\) = \(n, 8\), got \(8,\)"),
        (np.zeros((2, 7), dtype=int), r"must have shape .* got \(2, 7\)"),
        (np.zeros((1, 8)), "must be integers, got dtype float64"),
        (np.full((1, 8), np.nan), "must be integers"),
        (np.array([[*CONV, 20, 0]]), r"split_point must lie in \[0, 19\], got 20 in row 0"),
        (np.array([[*CONV, 2, 0], [*CONV, -1, 0]]), "split_point .* got -1 in row 1"),
        (np.array([[*CONV, 2, 3]]), r"bits gene must lie in \[0, 2\], got 3"),
        (np.array([[*CONV[:5], 7, 2, 0]]), r"operation gene 5 must lie in \[0, 4\], got 7"),
    ],
)
def test_genes_outside_the_space_are_refused_by_name(genes, message):
    with pytest.raises(GenomeError, match=message):
        THREE_WIDTHS.check(genes)


# Canonical designs


@given(spaces_and_genes())
def test_canonical_is_idempotent_and_changes_no_input(case):
    designs, genes = case
    before = genes.copy()
    once = designs.canonical(genes)
    np.testing.assert_array_equal(designs.canonical(once), once)
    np.testing.assert_array_equal(genes, before)


@given(spaces_and_genes())
def test_a_design_is_valid_exactly_where_its_canonical_form_is(case):
    designs, genes = case
    np.testing.assert_array_equal(
        designs.is_valid(genes), designs.is_valid(designs.canonical(genes))
    )


def test_a_cut_behind_identity_cells_moves_before_them():
    """A bare skip computes nothing: cuts 1-6 are one cut, so are 7-12 and 13-18."""
    genes = np.array([[*BARE, cut] for cut in range(20)])
    moved = ONE_WIDTH.canonical(genes)[:, 6]
    assert moved.tolist() == [0, *[1] * 6, *[7] * 6, *[13] * 6, 19]


def test_a_cut_behind_working_cells_stays():
    genes = np.array([[*CONV, cut] for cut in range(20)])
    np.testing.assert_array_equal(ONE_WIDTH.canonical(genes), genes)


def test_the_width_makes_no_difference_where_no_tensor_is_sent():
    """The raw image is sent as it is, and with everything on the device nothing is."""
    genes = np.array([[*CONV, cut, 2] for cut in (0, 1, 18, 19)])
    assert THREE_WIDTHS.canonical(genes)[:, 7].tolist() == [0, 2, 2, 0]


# Valid cuts


def test_a_network_without_a_path_has_no_valid_cut():
    genes = np.array([[*NO_PATH, 3], [*CONV, 3]])
    assert ONE_WIDTH.valid_cuts(genes).any(axis=(1, 2)).tolist() == [False, True]
    assert ONE_WIDTH.is_cuttable(genes).tolist() == [False, True]
    assert ONE_WIDTH.is_valid(genes).tolist() == [False, True]


def test_a_cut_behind_identity_cells_is_allowed_where_the_first_equal_cut_is():
    genes = np.array([[*BARE, 0]])
    allowed = np.flatnonzero(designs_with(1, 8, 19).valid_cuts(genes)[0])
    # 1 covers 1-6; 8 equals 7, which is not allowed
    assert allowed.tolist() == [1, 2, 3, 4, 5, 6, 19]


# Repair


@settings(max_examples=40)
@given(spaces_and_genes(has_last=False), st.integers(0, 2**32 - 1))
def test_repair_moves_to_the_nearest_valid_cut_or_falls_back(case, seed):
    """Against a loop over the cuts."""
    designs, genes = case
    try:
        fallback = designs.sample(len(genes), rng=np.random.default_rng(seed))
    except ConfigError:
        return
    before, valid = genes.copy(), designs.valid_cuts(genes)
    repaired = designs.repair(genes, fallback=fallback)
    np.testing.assert_array_equal(genes, before)
    assert designs.is_valid(repaired).all()
    for row in range(len(genes)):
        cuts = np.flatnonzero(valid[row]).tolist()
        if not cuts:
            expected = fallback[row].tolist()
        else:
            expected = genes[row].tolist()
            expected[6] = min(cuts, key=lambda cut: (abs(cut - genes[row, 6]), cut))
        assert repaired[row].tolist() == expected


@settings(max_examples=20)
@given(design_spaces(), st.integers(0, 2**32 - 1))
def test_repair_leaves_valid_designs_alone(designs, seed):
    genes = designs.sample(20, rng=np.random.default_rng(seed))
    np.testing.assert_array_equal(designs.repair(genes, fallback=genes[::-1]), genes)


def test_of_two_cuts_equally_near_the_earlier_is_taken():
    designs = designs_with(4, 8)
    genes = np.array([[*CONV, cut] for cut in (0, 5, 6, 7, 19)])
    assert designs.repair(genes, fallback=genes)[:, 6].tolist() == [4, 4, 4, 8, 8]


def test_repair_takes_the_fallback_where_the_network_has_no_valid_cut():
    genes, fallback = np.array([[*NO_PATH, 3], [*CONV, 3]]), np.array([[*BARE, 1], [*BARE, 2]])
    assert ONE_WIDTH.repair(genes, fallback=fallback).tolist() == [[*BARE, 1], [*CONV, 3]]


# Sampling and enumeration


@settings(max_examples=30)
@given(design_spaces(has_last=False), st.integers(0, 2**32 - 1))
def test_samples_are_valid_even_where_few_networks_have_a_cut(designs, seed):
    try:
        drawn = designs.sample(50, rng=np.random.default_rng(seed))
    except ConfigError:
        assert not designs.valid_cuts(designs.space.networks() @ np.eye(6, 7, dtype=int)).any()
        return
    assert drawn.shape == (50, designs.n_genes)
    assert drawn.dtype == np.int64
    assert designs.is_valid(drawn).all()


def test_sampling_draws_every_valid_cut_equally_often(rng):
    drawn = designs_with(2, 9, 16, 17).sample(4000, rng=rng)
    _, counts = np.unique(drawn[:, 6], return_counts=True)
    # one identity network may also be cut at 3..6; it is 1 of 5424
    counts = counts[counts > 100]
    assert len(counts) == 4
    # 1000 each with a standard deviation of sqrt(4000 * 1/4 * 3/4) = 27
    assert (np.abs(counts - 1000) < 5 * 27).all()


def test_sampling_draws_every_width_equally_often(rng):
    drawn = THREE_WIDTHS.sample(3000, rng=rng)
    # 1000 each with a standard deviation of sqrt(3000 * 1/3 * 2/3) = 26
    assert (np.abs(np.bincount(drawn[:, 7]) - 1000) < 5 * 26).all()


def test_all_designs_are_every_valid_canonical_design_of_the_toy_space():
    """Against nested loops over all genes."""
    rule = ScatteredCuts(salt=7, density=0.3, has_last=False, n_blocks=6)
    designs = DesignSpace(ToySpace(), (8,), rule)
    listed = np.array(list(itertools.product(*map(range, designs.n_choices))))
    cut_masks = rule(listed[:, :6], np.full((len(listed), 1), 8))
    expected = listed[cut_masks[np.arange(len(listed)), 0, listed[:, 6]]]
    found = designs.all_designs()
    assert len(found) == len(expected)
    np.testing.assert_array_equal(np.unique(found, axis=0), expected)


def test_all_designs_are_every_canonical_form_of_a_valid_design():
    """Identity cells and widths: many cuts are one, and the ends have one width."""
    rule = ScatteredCuts(salt=3, density=0.05, has_last=True)
    designs = DesignSpace(NasBench201(), (8, 32), rule)
    networks = designs.space.networks()
    spelled = np.concatenate(
        [
            np.insert(networks, 6, [[cut], [width]], axis=1)
            for cut in range(20)
            for width in range(2)
        ]
    )
    expected = np.unique(designs.canonical(spelled[designs.is_valid(spelled)]), axis=0)
    found = designs.all_designs()
    assert len(found) == len(np.unique(found, axis=0))
    np.testing.assert_array_equal(np.unique(found, axis=0), expected)


def test_without_any_restriction_every_network_has_twenty_cuts():
    # 5423 networks with 20 cuts, and the bare skip with 0, 1, 7, 13, 19
    assert len(ONE_WIDTH.all_designs()) == 5423 * 20 + 5
    # between the ends each cut comes in three widths
    assert len(THREE_WIDTHS.all_designs()) == 5423 * (18 * 3 + 2) + (3 * 3 + 2)


@pytest.mark.parametrize("widths", [(8,), (8, 16)])
def test_a_scenario_without_any_valid_cut_is_refused(widths, rng):
    designs = DesignSpace(NasBench201(), widths, no_cut)
    with pytest.raises(ConfigError, match=r"no valid cut .* Lower min_split"):
        designs.sample(1, rng=rng)
    with pytest.raises(ConfigError, match=r"no valid cut .* Lower min_split"):
        designs.all_designs()


class UnlistedSpace(NasBench201):
    """The same networks, but said to be too many to list."""

    def networks(self):
        return None

    def sample(self, n, *, rng):
        return NasBench201().sample(n, rng=rng)


def test_a_space_too_large_to_list_is_sampled_and_not_enumerated(rng):
    designs = DesignSpace(UnlistedSpace(), (8, 16), ScatteredCuts(1, 0.02, has_last=False))
    drawn = designs.sample(300, rng=rng)
    assert drawn.shape == (300, 8)
    assert designs.is_valid(drawn).all()
    assert designs.all_designs() is None


def test_sampling_does_not_touch_the_list_of_networks(rng):
    before = ONE_WIDTH.space.networks().copy()
    drawn = ONE_WIDTH.sample(10, rng=rng)
    drawn[:] = 0
    np.testing.assert_array_equal(ONE_WIDTH.space.networks(), before)
