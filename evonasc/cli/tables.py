"""Writing tables for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from evonasc.errors import ConfigError
from evonasc.files import write_atomically


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file atomically, its folder made if need be.

    Raises:
        ConfigError: The file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.getvalue().encode())
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from error
