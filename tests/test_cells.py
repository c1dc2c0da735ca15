import itertools

import numpy as np
import pytest
from hypothesis import given
from strategies import cells

from evonasc.errors import GenomeError
from evonasc.nasbench201.cells import (
    CONV1X1,
    CONV3X3,
    EDGES,
    NONE,
    POOL,
    SKIP,
    all_cells,
    arch_strings,
    canonical_cells,
    canonical_connected_cells,
    cell_genes,
    cell_number,
    cells_in_benchmark_order,
    is_connected,
    live_edges,
    parse_arch_strings,
    respelled_cells,
)

INPUT = "input"

# From the benchmark's published order.
KNOWN = {
    0: "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
    "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
    1: "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
    1462: "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
}


def one(*genes):
    return np.array([genes])


def canonical(*genes):
    return tuple(canonical_cells(one(*genes))[0].tolist())


@pytest.mark.parametrize(("index", "text"), KNOWN.items())
def test_index_and_string_of_known_cells(index, text):
    assert arch_strings(cells_in_benchmark_order()[[index]]) == [text]


def test_genes_stand_in_the_order_of_the_edges():
    """Edges 01 02 12 03 13 23: the string names them node by node."""
    genes = parse_arch_strings([KNOWN[1]])
    assert genes.tolist() == [[CONV3X3, CONV3X3, POOL, SKIP, CONV3X3, SKIP]]


def test_every_string_and_index_of_the_benchmark_both_ways(benchmark):
    genes = cells_in_benchmark_order()
    np.testing.assert_array_equal(genes, benchmark["op_index"])
    assert arch_strings(genes) == benchmark["arch_str"].tolist()
    np.testing.assert_array_equal(parse_arch_strings(benchmark["arch_str"].tolist()), genes)


def test_cell_numbers_count_in_base_five():
    # 0*3125 + 1*625 + 2*125 + 3*25 + 4*5 + 0 = 970
    assert cell_number(one(0, 1, 2, 3, 4, 0)).tolist() == [970]
    assert cell_genes(np.array([970])).tolist() == [[0, 1, 2, 3, 4, 0]]


def test_all_cells_are_every_choice_once():
    assert all_cells().tolist() == [list(row) for row in itertools.product(range(5), repeat=6)]


@given(cells())
def test_strings_round_trip(genes):
    np.testing.assert_array_equal(parse_arch_strings(arch_strings(genes)), genes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must read like"),
        ("6111", "must read like"),
        (KNOWN[0].replace("avg_pool_3x3", "max_pool_3x3"), "must read like .* got .*max_pool"),
        (KNOWN[0] + "skip_connect~3|", "must read like"),
        (KNOWN[0].replace("~1", "~2"), "must read '.*skip_connect~1.*', got"),
        (KNOWN[0].replace("+", ""), "must read"),
        (" " + KNOWN[0], "must read"),
    ],
)
def test_strings_of_another_form_are_refused(text, message):
    with pytest.raises(GenomeError, match=message):
        parse_arch_strings([KNOWN[0], text])


def test_no_cells_are_no_problem():
    nothing = np.zeros((0, 6), dtype=np.int64)
    assert canonical_cells(nothing).shape == (0, 6)
    assert is_connected(nothing).shape == (0,)
    assert arch_strings(nothing) == []
    assert parse_arch_strings([]).shape == (0, 6)


# Paths


PATHS = [
    path
    for n_inner in (0, 1, 2)
    for path in ((0, *inner, 3) for inner in itertools.combinations((1, 2), n_inner))
]


def has_path(cell):
    """Search the four paths there are from input to output."""
    used = {edge for edge, operation in zip(EDGES, cell, strict=True) if operation != NONE}
    return any(used.issuperset(itertools.pairwise(path)) for path in PATHS)


def test_341_cells_have_no_path_from_input_to_output():
    """Counted by hand: a product of choices, case by case of what feeds the output.

    Edge 03 is none throughout. Both 13 and 23 none: 5^3 cells. Only 13 used (4 ways): 01 is none,
    02 and 12 free: 25. Only 23 used: 02 none and one of 01, 12 none: 9. Both used (16): 01 and 02
    none, 12 free: 5. Together 125 + 100 + 36 + 80 = 341.
    """
    connected = is_connected(all_cells())
    assert (~connected).sum() == 125 + 4 * 25 + 4 * 9 + 16 * 5 == 341
    assert connected.tolist() == [has_path(cell) for cell in all_cells().tolist()]


# The canonical cell


def instances(cell):
    """Return the operations that reach the output, by name, and the terms of the output node."""
    e01, e02, e12, e03, e13, e23 = cell
    made = {}

    def apply(name, operation, node):
        if operation == NONE or not node:
            return []
        if operation == SKIP:
            return list(node)
        made[name] = (operation, list(node))
        return [name]

    node1 = apply("01", e01, [INPUT])
    node2 = apply("02", e02, [INPUT]) + apply("12", e12, node1)
    output = apply("03", e03, [INPUT]) + apply("13", e13, node1) + apply("23", e23, node2)
    live, waiting = {}, list(output)
    while waiting:
        name = waiting.pop()
        if name != INPUT and name not in live:
            live[name] = made[name]
            waiting += made[name][1]
    return live, output


def isomorphism_label(cell):
    """Return the least way to write the operations' graph down, over all namings.

    Two cells build the same network exactly where their graphs are isomorphic. Namings that order
    the operations by what they compute when nothing is shared are enough: every isomorphism keeps
    that.
    """
    live, output = instances(cell)

    def unfolded(name):
        if name == INPUT:
            return (0, ())
        operation, terms = live[name]
        return (operation, tuple(sorted(unfolded(term) for term in terms)))

    groups = [list(g) for _, g in itertools.groupby(sorted(live, key=unfolded), key=unfolded)]

    def written(order):
        number = {INPUT: -1} | {name: place for place, name in enumerate(order)}
        graph = [(live[n][0], sorted(number[term] for term in live[n][1])) for n in order]
        return (graph, sorted(number[term] for term in output))

    orders = itertools.product(*(itertools.permutations(group) for group in groups))
    return repr(min(written(list(itertools.chain(*order))) for order in orders))


def test_canonical_cells_are_the_classes_of_isomorphic_graphs():
    """Over all 15,625 cells, against an enumeration that shares no code with the signature."""
    genes = all_cells()
    numbers = cell_number(canonical_cells(genes)).tolist()
    labels = [isomorphism_label(cell) for cell in genes.tolist()]
    assert len(set(labels)) == len(set(numbers)) == len(set(zip(labels, numbers, strict=True)))
    # 5,424 networks, and the cell without a path
    assert len(set(labels)) == 5425


def test_canonical_is_idempotent_and_keeps_connectedness():
    genes = all_cells()
    result = canonical_cells(genes)
    np.testing.assert_array_equal(canonical_cells(result), result)
    np.testing.assert_array_equal(is_connected(result), is_connected(genes))


def test_canonical_connected_cells_are_all_of_them_once():
    genes = all_cells()
    expected = np.unique(canonical_cells(genes)[is_connected(genes)], axis=0)
    np.testing.assert_array_equal(canonical_connected_cells(), expected)
    assert len(expected) == 5424


def test_cached_cells_cannot_be_changed_by_a_caller():
    with pytest.raises(ValueError, match="read-only"):
        canonical_connected_cells()[0, 0] = 1


def test_canonical_has_no_more_edges_and_no_dead_one():
    genes = all_cells()
    result = canonical_cells(genes)
    assert ((result != NONE).sum(axis=1) <= (genes != NONE).sum(axis=1)).all()
    for cell in canonical_connected_cells().tolist():
        for edge in range(6):
            if cell[edge] != NONE:
                without = [*cell[:edge], NONE, *cell[edge + 1 :]]
                assert canonical(*without) != tuple(cell)


def test_disconnected_cells_share_the_cell_of_nothing():
    genes = all_cells()
    assert not canonical_cells(genes[~is_connected(genes)]).any()


# genes: 01 02 12 03 13 23
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ((0, 0, 3, 3, 0, 0), (0, 0, 0, 3, 0, 0)),  # 12 starts at an empty node
        ((3, 2, 4, 1, 0, 0), (0, 0, 0, 1, 0, 0)),  # nothing of node 1 and 2 is used
        ((0, 0, 0, 1, 3, 4), (0, 0, 0, 1, 0, 0)),  # empty nodes feed the output
        ((2, 0, 3, 3, 0, 0), (0, 0, 0, 3, 0, 0)),  # a branch that ends in node 2
    ],
)
def test_dead_edges_become_none(raw, expected):
    assert canonical(*raw) == expected


def test_swapping_the_inner_nodes_changes_nothing():
    """Without the edge between them nodes 1 and 2 are interchangeable."""
    for a, b, c, d, e in itertools.product(range(5), repeat=5):
        assert canonical(a, b, NONE, c, d, e) == canonical(b, a, NONE, c, e, d)


def test_a_skip_passes_its_node_on():
    # in -> skip -> node 1 -> conv -> out is one convolution of the input
    assert canonical(SKIP, 0, 0, 0, CONV3X3, 0) == canonical(0, 0, 0, CONV3X3, 0, 0)
    assert canonical(CONV3X3, 0, SKIP, 0, 0, SKIP) == canonical(0, 0, 0, CONV3X3, 0, 0)
    # conv1x1(in) twice in a row, with the contracted node at either place
    chain = canonical(CONV1X1, 0, SKIP, 0, 0, CONV3X3)
    assert chain == canonical(SKIP, 0, CONV1X1, 0, 0, CONV3X3) == canonical(1, 2, 0, 0, 0, 3)


def test_one_convolution_used_twice_is_not_two_convolutions():
    """Node 1 goes to the output by two skips: one set of weights; 01 and 03 have two sets."""
    shared = canonical(CONV3X3, 0, SKIP, 0, SKIP, SKIP)
    separate = canonical(CONV3X3, 0, 0, CONV3X3, SKIP, 0)
    assert shared != separate
    # Deeper: pool(conv(in)) + conv(in) with one or two convolutions
    assert canonical(CONV1X1, 0, POOL, 0, SKIP, SKIP) != canonical(CONV1X1, CONV1X1, 0, 0, 4, 1)


def test_kind_and_order_of_operations_matter():
    cells_ = [
        canonical(CONV1X1, 0, 0, 0, CONV3X3, 0),
        canonical(CONV3X3, 0, 0, 0, CONV1X1, 0),
        canonical(CONV3X3, 0, 0, 0, CONV3X3, 0),
        canonical(CONV3X3, 0, 0, 0, POOL, 0),
        canonical(CONV3X3, 0, 0, CONV1X1, SKIP, 0),
    ]
    assert len(set(cells_)) == 5


def test_respelling_draws_every_cell_of_the_same_network():
    """Three convolutions in a row can be written in one way; a lone skip in many."""
    start = np.array([[0, 0, 0, 1, 0, 0]])
    drawn = respelled_cells(np.repeat(start, 5000, axis=0), rng=np.random.default_rng(0))
    assert (canonical_cells(drawn) == canonical_cells(start)).all()
    spellings = all_cells()[(canonical_cells(all_cells()) == canonical_cells(start)).all(axis=1)]
    assert len(spellings) > 50
    assert len(np.unique(drawn, axis=0)) == len(spellings)


# Dead edges


def test_live_edges_are_those_on_a_path_from_input_to_output():
    """Against all paths, for all 15,625 cells."""
    paths = [[(0, 3)], [(0, 1), (1, 3)], [(0, 2), (2, 3)], [(0, 1), (1, 2), (2, 3)]]
    for cell in all_cells()[::7]:
        used = {edge for edge, gene in zip(EDGES, cell, strict=True) if gene != NONE}
        on_a_path = {edge for path in paths if set(path) <= used for edge in path}
        assert live_edges(cell) == [edge in on_a_path for edge in EDGES]


def test_a_canonical_cell_has_no_dead_edges():
    for cell in canonical_connected_cells()[::11]:
        assert live_edges(cell) == (cell != NONE).tolist()
