"""Writing files so that nothing is ever half written."""

import os
import tempfile
from pathlib import Path


def write_atomically(target: Path, data: bytes) -> None:
    """Replace ``target`` by ``data`` in one step, so that a reader never sees half a file.

    Args:
        target: Where to write; its folder must exist.
        data: The whole content.
    """
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)  # mkstemp makes it private to the user
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def cache_folder() -> Path | None:
    """Return ``$EVONASC_CACHE`` or ``~/.cache/evonasc``; None for a user without a home."""
    chosen = os.environ.get("EVONASC_CACHE")
    if chosen:
        return Path(chosen)
    try:
        return Path.home() / ".cache" / "evonasc"
    except RuntimeError:
        return None
