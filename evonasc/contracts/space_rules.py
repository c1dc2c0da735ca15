"""What search spaces promise."""

import pickle

import numpy as np

from evonasc.arrays import IntArray
from evonasc.contracts.rules import Rule, require, require_same, row_rules
from evonasc.runs.benchmarks import search_space


def space_rules(name: str) -> list[Rule]:
    """Return what a search space promises."""
    space = search_space(name)

    def raw(n: int, seed: int) -> IntArray:
        """Draw genes in range, networks without a path among them."""
        choices = np.array(space.n_choices)
        return np.random.default_rng(seed).integers(choices, size=(n, len(choices)))

    def shapes(n: int, seed: int) -> None:
        require(":" in name or space.name == name, f"name is {space.name!r}, not {name!r}")
        genes = sorted(gene for group in space.gene_groups for gene in group)
        require(genes == list(range(len(space.n_choices))), "gene_groups must hold each gene once")
        require(len(space.cut_shapes) == space.n_blocks + 1, "cut_shapes must be n_blocks + 1")
        require(len(space.bare_network) == len(space.n_choices), "bare_network has other genes")
        wanted = (len(space.layers), space.n_blocks)
        require(space.layer_membership.shape == wanted, f"layer_membership must be {wanted}")

    def tables(n: int, seed: int) -> None:
        rows = space.canonical(raw(n, seed))
        for got, wanted, what in (
            (space.is_connected(rows), (n,), "is_connected"),
            (space.is_identity_block(rows), (n, space.n_blocks), "is_identity_block"),
            (space.block_peak_elements(rows), (n, space.n_blocks), "block_peak_elements"),
            (space.layer_counts(rows), (n, len(space.layers)), "layer_counts"),
        ):
            require(got.shape == wanted, f"{what} must be {wanted}, got {got.shape}")
            require(bool((got >= 0).all()), f"{what} must not be negative")

    def canonical(n: int, seed: int) -> None:
        rows = space.canonical(raw(n, seed))
        space.check(rows)
        require_same(space.canonical(rows), rows, "the canonical form of a canonical one differs")

    def sampled(n: int, seed: int) -> None:
        one, other = (space.sample(n, rng=np.random.default_rng(seed)) for _ in range(2))
        require_same(one, other, "the same seed draws other networks")
        require(one.shape == (n, len(space.n_choices)), f"sample has shape {one.shape}")
        require_same(space.canonical(one), one, "sample draws networks that are not canonical")
        require(bool(space.is_connected(one).all()), "sample draws networks without a path")

    def respelled(n: int, seed: int) -> None:
        rows, rng = raw(n, seed), np.random.default_rng(seed)
        spelled = space.respell(rows, rng=rng)
        require_same(
            space.canonical(spelled), space.canonical(rows), "respell makes another network"
        )

    def texts(n: int, seed: int) -> None:
        rows = space.sample(n, rng=np.random.default_rng(seed))
        read = space.from_text(space.to_text(rows))
        require_same(
            space.canonical(read), rows, "from_text reads other networks than to_text wrote"
        )
        require(len(space.to_short_text(rows)) == n, "to_short_text must give one text a network")

    def listed(n: int, seed: int) -> None:
        every = space.networks()
        if every is None:
            return
        require(len(np.unique(every, axis=0)) == len(every), "networks lists one twice")
        require_same(space.canonical(every), every, "networks lists some that are not canonical")
        drawn = space.sample(n, rng=np.random.default_rng(seed))
        known = {row.tobytes() for row in np.ascontiguousarray(every, dtype=np.int64)}
        is_known = [row.astype(np.int64).tobytes() in known for row in drawn]
        require(all(is_known), "sample draws networks that networks does not list")

    def pickled(n: int, seed: int) -> None:
        rows = raw(n, seed)
        copy = pickle.loads(pickle.dumps(space))
        require_same(copy.canonical(rows), space.canonical(rows), "a pickled space is another")

    return [
        ("shapes: genes, blocks, cuts and layers fit together", shapes),
        ("tables: one row a network, nothing negative", tables),
        ("canonical: in range, and its own canonical form", canonical),
        ("sample: canonical networks with a path, by the seed", sampled),
        ("respell: the same network", respelled),
        ("texts: read as they were written", texts),
        ("networks: all canonical ones, each once", listed),
        ("survives pickling", pickled),
        *row_rules("canonical forms", raw, space.canonical),
    ]
