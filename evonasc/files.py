"""Writing files so that nothing is ever half written."""

import errno
import os
import tempfile
from pathlib import Path

from evonasc.errors import ConfigError


def write_atomically(target: Path, data: bytes) -> None:
    """Replace ``target`` by ``data`` in one step, so that a reader never sees half a file.

    Args:
        target: Where to write; its folder must exist. Of a link, the file it leads to.
        data: The whole content.

    Raises:
        OSError: It cannot be written, or is no regular file: a device cannot be replaced.
    """
    if target.exists() and not (target.is_file() or target.is_dir()):
        raise OSError(errno.EINVAL, "not a regular file", str(target))
    target = Path(os.path.realpath(target))  # of a loop of links itself, to be replaced
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes it private to the user
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    """Return which rights new files do not get; it can be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def require_new(path: Path) -> None:
    """Refuse a path where something lies already: nothing is replaced unasked.

    Raises:
        ConfigError: There is something.
    """
    if os.path.lexists(path):
        raise ConfigError(f"{path} exists already. Choose another --out, or remove it first.")


def write_output(path: Path, data: bytes, *, may_replace: bool = False) -> None:
    """Write a file that the user asked for atomically, its folder made if need be.

    Args:
        path: Where to write.
        data: The whole content.
        may_replace: Of what can be made again at any time, such as the figure in a run's folder;
            else an earlier file is kept, unless it has this very content.

    Raises:
        ConfigError: The file cannot be written, or is there already.
    """
    if not may_replace and not (path.is_file() and path.read_bytes() == data):
        require_new(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from error


def cache_folder() -> Path | None:
    """Return ``$EVONASC_CACHE`` or ``~/.cache/evonasc``; None for a user without a home."""
    chosen = os.environ.get("EVONASC_CACHE")
    if chosen:
        return Path(chosen)
    try:
        return Path.home() / ".cache" / "evonasc"
    except RuntimeError:
        return None
