"""Writing files so that nothing is ever half written."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # no such locks on this system: who writes is not known to readers
    fcntl = None  # type: ignore[assignment]

from evonasc.errors import ConfigError


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell in one line what the system refuses while a file or folder is written.

    Raises:
        ConfigError: It cannot be written: a full disk, missing rights, something in the way.
    """
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"Cannot write {path}: {error.strerror or error}. Make room, or choose another place."
        ) from error


def write_atomically(target: Path, data: bytes, *, makes_folder: bool = False) -> None:
    """Replace ``target`` by ``data`` in one step, so that a reader never sees half a file.

    Args:
        target: Where to write. Of a link, the file it leads to.
        data: The whole content.
        makes_folder: Make its folder, which must exist else.

    Raises:
        ConfigError: It cannot be written, or is no regular file: a device cannot be replaced.
    """
    with writing(target):
        if makes_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not (target.is_file() or target.is_dir()):
            raise OSError(errno.EINVAL, "not a regular file", str(target))
        target = Path(os.path.realpath(target))  # of a loop of links itself, to be replaced
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())  # else a power cut may leave an empty file under the name
            os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes it private to the user
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


def _umask() -> int:
    """Return which rights new files do not get; it can be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and what is missing above it; return those made, the innermost first.

    Raises:
        OSError: One cannot be made.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def lock(file: IO[str]) -> None:
    """Hold a file while it is open, where the system can, for :func:`is_locked` to see.

    Raises:
        BlockingIOError: Somebody else holds it.
    """
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # some network file systems have no locks
            return


def is_locked(path: Path) -> bool:
    """Tell whether somebody holds a file by :func:`lock`."""
    if fcntl is None or not path.exists():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


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
    write_atomically(path, data, makes_folder=True)


def cache_folder() -> Path | None:
    """Return ``$EVONASC_CACHE`` or ``~/.cache/evonasc``; None for a user without a home."""
    chosen = os.environ.get("EVONASC_CACHE")
    if chosen:
        return Path(chosen)
    try:
        return Path.home() / ".cache" / "evonasc"
    except RuntimeError:
        return None
