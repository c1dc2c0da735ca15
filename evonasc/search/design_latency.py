"""Latencies without errors: what a hardware-aware search knows of a design before evaluating it."""

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.split_cost import split_costs
from evonasc.problems import DesignProblem, SplitNasProblem


def latency_ms(problem: DesignProblem, genes: IntArray) -> FloatArray:
    """Return the latency of designs, ms, ``(n,)``; their cuts need not be allowed.

    Costs no accuracy evaluation for :class:`SplitNasProblem`. Other problems compute all their
    columns for it.

    Raises:
        GenomeError: Genes outside the space.
    """
    if isinstance(problem, SplitNasProblem):
        costs = split_costs(genes, designs=problem.designs, scenario=problem.scenario)
        return costs.latency_ms
    return problem.columns(genes)["latency_ms"]


def best_cuts(problem: DesignProblem, operations: IntArray) -> tuple[IntArray, FloatArray]:
    """Return each network's allowed design of least latency, by enumeration of cuts and widths.

    Args:
        problem: Gives the latencies and the allowed cuts.
        operations: ``(n, n_operation_genes)`` networks.

    Returns:
        ``(n, n_genes)`` designs, and their latencies in ms, ``(n,)``. A network without an allowed
        cut has an infinite latency, and a design that is not allowed.
    """
    designs = problem.designs
    n_cuts = designs.space.n_blocks + 1
    widths = range(len(designs.payload_bits)) if designs.has_bits_gene else range(1)
    best = np.full(len(operations), np.inf)
    result = np.zeros((len(operations), designs.n_genes), dtype=np.int64)
    result[:, : operations.shape[1]] = operations
    for width in widths:
        rest = np.zeros((len(operations), designs.n_genes - operations.shape[1]), dtype=np.int64)
        if designs.has_bits_gene:
            rest[:, -1] = width
        each = np.concatenate([operations, rest], axis=1)
        valid = designs.valid_cuts(each)
        every = np.repeat(each, n_cuts, axis=0)
        every[:, operations.shape[1]] = np.tile(np.arange(n_cuts), len(operations))
        table = latency_ms(problem, every).reshape(len(operations), n_cuts)
        table = np.where(valid, table, np.inf)
        cut = table.argmin(axis=1)
        rows = np.arange(len(operations))
        is_better = table[rows, cut] < best
        best[is_better] = table[rows, cut][is_better]
        result[is_better, operations.shape[1]] = cut[is_better]
        if designs.has_bits_gene:
            result[is_better, -1] = width
    return result, best
