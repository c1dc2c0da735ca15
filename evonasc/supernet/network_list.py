"""A choice of networks: its digest, the file or the split gene it comes from, who may score it."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evonasc.arrays import IntArray
from evonasc.errors import AssetError, ConfigError, DataFileError
from evonasc.space import DesignSpace, SearchSpace
from evonasc.supernet.csv_rows import connected_network, read_rows

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from evonasc.supernet.family import SupernetFamily

FEWEST_NETWORKS = 2
#: Draws in a row that bring no new network before a space that cannot be listed has no more.
_MOST_IDLE_DRAWS = 100


def gene_type(space: SearchSpace) -> type:
    """Return the type that files keep a space's operation genes in."""
    return np.int8 if max(space.n_choices) <= 128 else np.int32


def listed_networks(space: SearchSpace, *, remedy: str) -> IntArray:
    """Return every canonical connected network, ``(n, n_operation_genes)``.

    Raises:
        ConfigError: They are too many to list; the sentence ``remedy`` tells what to do then.
    """
    networks = space.networks()
    if networks is None:
        raise ConfigError(f"The space {space.name!r} has too many networks to list. {remedy}")
    return networks


def random_networks(
    space: SearchSpace, n: int, *, rng: np.random.Generator, other_than: IntArray | None = None
) -> IntArray:
    """Draw distinct networks, ``(n, n_operation_genes)``; fewer where there are no more.

    Where they cannot be listed, a hundred draws in a row, of ``n`` each, that bring none tell so.
    Those of ``other_than``, ``(m, n_operation_genes)``, are not among them.
    """
    listed = space.networks()
    avoided = set() if other_than is None else set(map(tuple, other_than.tolist()))
    if listed is not None:
        is_free = [tuple(network) not in avoided for network in listed.tolist()]
        free: IntArray = listed[np.array(is_free, dtype=bool)]
        return free[rng.choice(len(free), size=min(n, len(free)), replace=False)]
    drawn: dict[tuple[int, ...], None] = {}
    n_idle = 0
    while len(drawn) < n and n_idle < _MOST_IDLE_DRAWS:
        n_before = len(drawn)
        for network in map(tuple, space.sample(n, rng=rng).tolist()):
            if network not in avoided:
                drawn[network] = None
        n_idle = 0 if len(drawn) > n_before else n_idle + 1
    return np.array(list(drawn)[:n], dtype=np.int64).reshape(-1, space.n_operation_genes)


def read_networks(path: Path, space: SearchSpace) -> IntArray:
    """Return the networks of a CSV file, canonical, by rising number, ``(n, n_operation_genes)``.

    They are in the space's ``text_column``; other columns are not read. A network written several
    times, or in several ways, is one network.

    Raises:
        DataFileError: Unreadable, no such column, a row that is no network with a path, or fewer
            than two networks.
    """
    rows = read_rows(path, (space.text_column,), kind="list of networks")
    none = np.zeros((0, space.n_operation_genes), dtype=np.int64)
    found = [connected_network(text, space, where=f"{path}, line {line}") for line, (text,) in rows]
    networks = np.unique(np.concatenate([none, *found]), axis=0)
    if len(networks) < FEWEST_NETWORKS:
        raise DataFileError(
            f"{path} must name at least {FEWEST_NETWORKS} different networks, got {len(networks)}."
        )
    return networks


def networks_digest(networks: IntArray, space: SearchSpace) -> str:
    """Return the SHA-256 of a set of canonical networks, whatever their order.

    It is that of the networks' numbers, rising, as 64-bit integers; where numbers pass 64 bits,
    that of their decimal digits, rising, one a line.
    """
    numbers = np.unique(space.numbers(networks))
    if numbers.dtype == object:
        content = "".join(f"{number}\n" for number in numbers.tolist()).encode()
    else:
        content = numbers.astype("<i8").tobytes()
    return hashlib.sha256(content).hexdigest()


def parts_of_gene(gene: int, family: "SupernetFamily") -> dict[str, IntArray]:
    """Return all networks by their choice of one operation gene, by the choice's name.

    Raises:
        ConfigError: No such gene, or networks that cannot be listed.
    """
    space = family.space
    if not 0 <= gene < space.n_operation_genes:
        raise ConfigError(
            f"The gene to split must lie in [0, {space.n_operation_genes - 1}], got {gene}."
        )
    networks = listed_networks(space, remedy="Train one supernet for all, without --split-edge.")
    names = family.choice_names(gene)
    return {name: networks[networks[:, gene] == choice] for choice, name in enumerate(names)}


def require_trained_for(
    training: dict[str, object],
    networks: IntArray | None,
    family: "SupernetFamily",
    *,
    where: Path,
) -> None:
    """Refuse to run canonical networks, None for all, that a supernet was not trained for.

    Its training configuration gives only the digest of its networks; ``where`` is its file.

    Raises:
        ConfigError: The supernet was trained for a choice of networks, and these are others.
    """
    trained_for, space = training.get("networks"), family.space
    listed = space.networks()
    wanted = listed if networks is None else networks
    is_known = wanted is not None and trained_for == networks_digest(wanted, space)
    if not trained_for or is_known:
        return
    genes = range(space.n_operation_genes if listed is not None else 0)
    parts = [part for gene in genes for part in parts_of_gene(gene, family).values()]
    if any(trained_for == networks_digest(part, space) for part in parts):
        is_in_place = any(where.parent.name in family.choice_names(gene) for gene in genes)
        folder = where.parent.parent if is_in_place else "FOLDER, that of all its parts"
        raise ConfigError(
            f"{where} was trained for one operation of a split gene and can run no other networks. "
            f"Score all parts together with: evonasc supernet score --weights {folder}"
        )
    raise ConfigError(
        f"{where} was trained for a choice of networks and can run no others. Score these with "
        "evonasc supernet score --networks and the list that it was trained with; for all networks "
        "train a supernet without --networks."
    )


def require_file_of(space: SearchSpace, header: object, *, what: str, where: str) -> None:
    """Refuse a file about networks of another space than its header names.

    Files from before headers named one are taken as they are.

    Raises:
        AssetError: Another space; ``what`` and ``where`` name the file's content and the file.
    """
    found = header.get("space", space.name) if isinstance(header, dict) else space.name
    if found != space.name:
        raise AssetError(
            f"{where} must hold {what} of the space {space.name!r}, got those of {found!r}."
        )


def require_space(designs: DesignSpace, space: SearchSpace) -> None:
    """Refuse, by a ConfigError, designs of another space than an error source knows."""
    if designs.space.name != space.name:
        raise ConfigError(
            f"This source of the error knows the space {space.name!r} only, got "
            f"{designs.space.name!r}. Give another source of accuracy."
        )
