"""How the name of a machine becomes one: a benchmark knows it, or a file describes it.

This is the one place where that happens; a problem asks once for each machine, when it is made.
"""

from pathlib import Path

import numpy as np

from evonasc.cost.block_record import ImportedMachine, is_block_record, read_block_record
from evonasc.cost.declared_machine import SUFFIX as DECLARED_SUFFIX
from evonasc.cost.declared_machine import DeclaredMachine, read_declaration
from evonasc.cost.machine import Machine
from evonasc.cost.machine_record import SUFFIX, check_name, read_record
from evonasc.cost.measured_machine import MeasuredMachine, require_space
from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.plugins import OWN, Registry
from evonasc.space import SearchSpace

#: What every machine says of itself.
_TEXTS = ("name", "description", "kind", "digest", "provenance")


def is_machine_file(name: str) -> bool:
    """Tell whether a text names the file of a machine."""
    return name.endswith((SUFFIX, DECLARED_SUFFIX))


def machine_of(name: str, *, space: SearchSpace, known: Registry) -> Machine:
    """Return the machine of a name for the networks of a space.

    Args:
        name: In the table, or a path that ends in ``.npz`` or ``.toml``.
        space: The networks.
        known: The machines of the space's benchmark, functions of the name that give a
            :class:`Machine`; beside them the entries that packages have in ``evonasc.hardware``,
            which give the path of a file, or a function without arguments that does, never a
            ``Machine``.

    Raises:
        UnknownNameError: No such machine for these networks.
        ConfigError: No such machine, but a file of that name with the ending left out; or a file
            about other networks.
        DataFileError: The file is missing, of another format, or belongs to another version.
        PluginError: The machine of another package cannot be used.
    """
    if is_machine_file(name):
        return _from_file(Path(name), where=name, space=space, known=known)
    _require_known(name, space=space, known=known)
    if known.is_built_in(name):
        made = _built_in(name, known)
        if known.entry(name).source != OWN:
            _require_promises(made, name, space=space, known=known)
        return made
    found = known.load(name)
    found = known.make(name) if callable(found) else found
    if not isinstance(found, str | Path) or not is_machine_file(str(found)):
        raise known.broken(
            known.entry(name), f"it must give the path of a .npz or .toml file, got {found!r}"
        )
    return _from_file(Path(found), where=name, space=space, known=known)


def known_machines(known: Registry) -> dict[str, Machine]:
    """Return the machines that a benchmark itself knows, by name.

    Raises:
        PluginError: One of them cannot be had.
    """
    return {name: _built_in(name, known) for name in known.names() if known.is_built_in(name)}


def _built_in(name: str, known: Registry) -> Machine:
    """Return a machine that the benchmark itself knows."""
    made = known.make(name, name)
    if not isinstance(made, Machine):
        raise known.broken(known.entry(name), f"it must give a Machine, got {type(made).__name__}")
    return made


def _require_promises(made: Machine, name: str, *, space: SearchSpace, known: Registry) -> None:
    """Refuse a machine of another package that breaks what machines promise, on a few networks."""
    entry = known.entry(name)
    lacks = [one for one in _TEXTS if not isinstance(getattr(made, one, None), str)]
    if lacks:
        raise known.broken(entry, f"its machine must have the texts {', '.join(lacks)}")
    networks = space.canonical(space.sample(4, rng=np.random.default_rng(0)))
    table = np.asarray(known.guarded(entry, made.head_table_ms, networks))
    total = np.asarray(known.guarded(entry, made.total_ms, networks))
    shape = (len(networks), space.n_blocks + 1)
    is_table = table.shape == shape and table.dtype.kind in "fiu" and np.isfinite(table).all()
    if not is_table or (np.diff(table, axis=1) < 0).any() or (table[:, 0] != 0).any():
        raise known.broken(
            entry,
            f"head_table_ms must be {shape} times that rise from 0 ms, got an array of shape "
            f"{table.shape} and type {table.dtype}",
        )
    if total.shape != shape[:1] or not np.allclose(total, table[:, -1]):
        raise known.broken(entry, "total_ms must be the last column of head_table_ms")


def _require_known(name: str, *, space: SearchSpace, known: Registry) -> None:
    """Refuse a name that no table has, and say what would do."""
    try:
        known.entry(name)
    except UnknownNameError as error:
        for file in (name + SUFFIX, name + DECLARED_SUFFIX):
            if Path(file).is_file():
                raise ConfigError(
                    f"Unknown hardware {name!r}. A file is named with its ending: {file!r}."
                ) from error
        raise UnknownNameError(
            known.kind,
            name,
            known,
            remedy=f"Or declare a machine for the networks of {space.name!r} in a few numbers, in "
            "a .toml file: see docs/own_machine.md.",
        ) from error


def _from_file(path: Path, *, where: str, space: SearchSpace, known: Registry) -> Machine:
    """Return the machine that a file, named so by the user, describes."""
    if path.suffix == DECLARED_SUFFIX:
        declared, digest = read_declaration(path)
        _refuse_taken(declared.name, path, known)
        return DeclaredMachine(declared, space, where=where, digest=digest)
    if is_block_record(path):
        blocks, digest = read_block_record(path)
        _refuse_taken(blocks.name, path, known)
        return ImportedMachine(blocks, space, where=where, digest=digest)
    record, digest = read_record(path)
    _refuse_taken(record.name, path, known)
    require_space(record, space)
    base = None
    if record.base:
        if not known.is_built_in(record.base):
            raise DataFileError(
                f"{path} leans on the machine {record.base!r}, which evonasc does not know for the "
                f"networks of {space.name!r}. Calibrate the machine again."
            )
        base = _built_in(record.base, known)
        if base.digest != record.base_sha256:
            raise DataFileError(
                f"{path} leans on the prediction of {record.base!r} by another version of evonasc. "
                "Calibrate the machine again."
            )
    return MeasuredMachine(record, space, base, where=where, digest=digest)


def _refuse_taken(name: str, path: Path, known: Registry) -> None:
    """Refuse a file whose machine has the name of one we know."""
    try:
        check_name(name, [one for one in known.names() if known.is_built_in(one)])
    except ConfigError as error:
        raise DataFileError(f"{path} cannot be used: {error}") from error
