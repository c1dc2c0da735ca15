"""What evonasc fitted and trained itself, each file with its checksum and the command that made it.

A benchmark keeps such files in a folder of its own. ``manifest.json`` there lists every file:
``{path: {"sha256", "command", "note"}}``. A file that is missing or differs from its checksum is
refused: a search over damaged weights would be confidently wrong.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from evonasc.errors import AssetError
from evonasc.files import write_atomically

_MANIFEST = "manifest.json"
_REINSTALL = "Install evonasc again."


@dataclass(frozen=True)
class Assets:
    """The shipped files of one package."""

    #: Package whose folder holds them, with dots.
    package: str

    def manifest(self) -> dict[str, dict[str, str]]:
        """Return ``{relative path: {"sha256", "command", "note"}}`` of every shipped file.

        Raises:
            AssetError: The manifest is missing or is not JSON.
        """
        try:
            entries: dict[str, dict[str, str]] = json.loads(
                files(self.package).joinpath(_MANIFEST).read_text(encoding="utf-8")
            )
        except (FileNotFoundError, ValueError) as error:
            raise AssetError(
                f"{_MANIFEST} of the shipped files is damaged. {_REINSTALL}"
            ) from error
        return entries

    def digest(self, path: str) -> str:
        """Return the SHA-256 that a shipped file must have.

        Raises:
            AssetError: The file is not listed.
        """
        entries = self.manifest()
        if path not in entries:
            raise AssetError(f"{path!r} is no shipped file. Known: {', '.join(sorted(entries))}.")
        return entries[path]["sha256"]

    def read(self, path: str) -> bytes:
        """Return the content of a shipped file after checking its SHA-256.

        The path is relative to the package, e.g. ``"hardware/raspi4.npz"``.

        Raises:
            AssetError: The file is not listed, missing, or differs from its checksum.
        """
        expected = self.digest(path)
        try:
            data = files(self.package).joinpath(path).read_bytes()
        except FileNotFoundError as error:
            raise AssetError(f"The shipped file {path!r} is missing. {_REINSTALL}") from error
        found = hashlib.sha256(data).hexdigest()
        if found != expected:
            raise AssetError(
                f"The shipped file {path!r} must have SHA-256 {expected[:12]}..., "
                f"got {found[:12]}.... {_REINSTALL}"
            )
        return data

    def write(self, path: str, data: bytes, *, command: str, note: str) -> Path:
        """Write a shipped file and its manifest entry, each atomically; for developers of evonasc.

        Args:
            path: Relative to the package.
            data: The file's content.
            command: The exact command that made it.
            note: What it is, from which data, in how long, on which machine.

        Returns:
            Where the file was written.
        """
        with as_file(files(self.package)) as folder:
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, data)
            listing = Path(folder) / _MANIFEST
            entries = self.manifest() if listing.exists() else {}
            digest = hashlib.sha256(data).hexdigest()
            entries[path] = {"sha256": digest, "command": command, "note": note}
            text = json.dumps(dict(sorted(entries.items())), indent=2) + "\n"
            write_atomically(listing, text.encode())
        return target
