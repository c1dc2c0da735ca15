"""Latencies without errors: what a hardware-aware search knows of a network before training it."""

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.problems import DesignProblem
from evonasc.space.designs import NO_CUT

#: Networks drawn to learn the range of latencies where they are too many to list.
_N_SAMPLED = 1000


def on_device_ms(problem: DesignProblem, operations: IntArray) -> FloatArray:
    """Return the latency of whole networks on the device, allowed or not, ms, ``(n,)``."""
    genes = problem.designs.completed(operations)
    genes[:, problem.designs.split_genes] = problem.designs.space.n_blocks
    return problem.latency_ms(genes)


def best_cuts(
    problem: DesignProblem,
    operations: IntArray,
    *,
    widths: IntArray | None = None,
    is_any_cut_allowed: bool = False,
) -> tuple[IntArray, FloatArray]:
    """Return each network's design of least latency, by enumeration of cuts and widths.

    Args:
        problem: Gives the latencies and the allowed cuts.
        operations: ``(n, n_operation_genes)`` networks.
        widths: ``(n,)`` the payload-bits gene that each network keeps, where the width is a gene;
            by default every width is tried.
        is_any_cut_allowed: Ignore what the scenario forbids.

    Returns:
        ``(n, n_genes)`` designs and their latencies in ms, ``(n,)``. A network without an allowed
        cut takes infinitely long, and its design is not allowed. Of cuts equally fast, the
        earliest.

    Raises:
        ConfigError: The problem has no column ``latency_ms``.
    """
    designs, n_operations = problem.designs, operations.shape[1]
    designs.require_one_link("Trying all cuts of a network")
    n_cuts = designs.space.n_blocks + 1
    n_widths = len(designs.payload_bits) if widths is None else 1
    genes = np.repeat(designs.completed(operations), n_widths * n_cuts, axis=0)
    genes[:, n_operations] = np.tile(np.arange(n_cuts), len(operations) * n_widths)
    if designs.has_bits_gene and widths is not None:
        genes[:, -1] = np.repeat(widths, n_cuts)
    elif designs.has_bits_gene:
        genes[:, -1] = np.tile(np.repeat(np.arange(n_widths), n_cuts), len(operations))
    is_asked = np.full(len(genes), True) if is_any_cut_allowed else designs.is_valid(genes)
    asked_ms = np.full(len(genes), np.inf)
    asked_ms[is_asked] = problem.latency_ms(genes[is_asked])
    table = asked_ms.reshape(len(operations), n_widths * n_cuts)
    best = table.argmin(axis=1)
    least = table[np.arange(len(table)), best]
    rows = np.arange(len(table)) * table.shape[1] + best
    return genes[rows], least


def cuttable_networks(
    problem: DesignProblem, *, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Return the networks with an allowed cut, ``(n, n_operation_genes)``, and their least ms.

    All of them, or those among 1,000 drawn ones where networks are too many to list.

    Raises:
        ConfigError: None of them has an allowed cut.
    """
    networks = problem.designs.space.networks()
    if networks is None:
        networks = problem.designs.space.sample(_N_SAMPLED, rng=rng)
    _, least = best_cuts(problem, networks)
    is_cuttable = np.isfinite(least)
    if not is_cuttable.any():
        raise ConfigError(NO_CUT)
    return networks[is_cuttable], least[is_cuttable]
