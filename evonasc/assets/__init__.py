"""What evonasc fitted and trained itself, each file with its checksum and the command that made it.

``manifest.json`` lists every file: ``{path: {"sha256", "command", "note"}}``. A file that is
missing or differs from its checksum is refused: a search over damaged weights would be
confidently wrong.
"""

import hashlib
import json
from importlib.resources import as_file, files
from pathlib import Path

from evonasc.errors import AssetError
from evonasc.files import write_atomically

_MANIFEST = "manifest.json"
_REINSTALL = "Install evonasc again."


def manifest() -> dict[str, dict[str, str]]:
    """Return ``{relative path: {"sha256", "command", "note"}}`` of every shipped file.

    Raises:
        AssetError: The manifest is missing or is not JSON.
    """
    try:
        entries: dict[str, dict[str, str]] = json.loads(
            files("evonasc.assets").joinpath(_MANIFEST).read_text(encoding="utf-8")
        )
    except (FileNotFoundError, ValueError) as error:
        raise AssetError(f"{_MANIFEST} of the shipped files is damaged. {_REINSTALL}") from error
    return entries


def read_asset(path: str) -> bytes:
    """Return the content of a shipped file after checking its SHA-256.

    Args:
        path: Relative to this package, e.g. ``"hardware/raspi4.npz"``.

    Raises:
        AssetError: The file is not listed, missing, or differs from its checksum.
    """
    entries = manifest()
    if path not in entries:
        raise AssetError(f"{path!r} is no shipped file. Known: {', '.join(sorted(entries))}.")
    try:
        data = files("evonasc.assets").joinpath(path).read_bytes()
    except FileNotFoundError as error:
        raise AssetError(f"The shipped file {path!r} is missing. {_REINSTALL}") from error
    found, expected = hashlib.sha256(data).hexdigest(), entries[path]["sha256"]
    if found != expected:
        raise AssetError(
            f"The shipped file {path!r} must have SHA-256 {expected[:12]}..., "
            f"got {found[:12]}.... {_REINSTALL}"
        )
    return data


def write_asset(path: str, data: bytes, *, command: str, note: str) -> Path:
    """Write a shipped file and its manifest entry, each atomically; for developers of evonasc.

    Args:
        path: Relative to this package.
        data: The file's content.
        command: The exact command that made it.
        note: What it is, from which data, in how long, on which machine.

    Returns:
        Where the file was written.
    """
    with as_file(files("evonasc.assets")) as folder:
        target = Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, data)
        listing = Path(folder) / _MANIFEST
        entries = manifest() if listing.exists() else {}
        digest = hashlib.sha256(data).hexdigest()
        entries[path] = {"sha256": digest, "command": command, "note": note}
        text = json.dumps(dict(sorted(entries.items())), indent=2) + "\n"
        write_atomically(listing, text.encode())
    return target
