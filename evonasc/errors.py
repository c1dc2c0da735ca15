"""The errors evonasc raises on purpose.

::

    EvonascError                       catch this to catch us
    ├── AssetError(RuntimeError)       a shipped weight or score file is missing or damaged
    ├── ConfigError(ValueError)        a scenario, a search or a run folder that cannot be used
    ├── DataFileError(ValueError)      a file of the user that is not what it should be
    ├── EvaluationError(RuntimeError)  an evaluation failed or gave NaN; names the genome
    ├── GenomeError(ValueError)        genes or split point outside the space
    ├── MissingDependencyError(ImportError)
    ├── PluginError(RuntimeError)      another package's part that is broken, or a name used twice
    ├── UnknownNameError(LookupError)  algorithm, hardware, scenario, ...; names the close match
    └── WorkerError(RuntimeError)      a worker process ended before its work was done

Each also derives from the built-in a caller would expect. The command line prints one line
``evonasc: error: ...`` and exits with 2 for these; anything else is a bug and shows its traceback.
"""

import difflib
from collections.abc import Callable, Iterable


class EvonascError(Exception):
    """Base of everything evonasc raises on purpose."""


class AssetError(EvonascError, RuntimeError):
    """A file shipped with evonasc is missing or does not match its checksum."""


class ConfigError(EvonascError, ValueError):
    """A scenario, a search configuration or a run folder that cannot be used as asked."""


class DataFileError(EvonascError, ValueError):
    """A file the user gave is missing, damaged or of another format."""


class EvaluationError(EvonascError, RuntimeError):
    """An evaluation failed or gave something that is no number."""


class GenomeError(EvonascError, ValueError):
    """Genes, a cell or a split point outside the search space."""


class MissingDependencyError(EvonascError, ImportError):
    """An optional package is needed for this and is not installed."""


class PluginError(EvonascError, RuntimeError):
    """What another package adds cannot be used: it is broken, or its name is taken."""


class UnknownNameError(EvonascError, LookupError):
    """A name that no table knows; the message carries the close match and the known names.

    Args:
        kind: What the name should have named, e.g. ``"algorithm"``.
        name: What came.
        known: The names that exist.
        remedy: What else would do, a sentence.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, remedy: str = "") -> None:
        names = sorted(known)
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        listed = f" Known: {', '.join(names)}." if names else " None is known."
        super().__init__(f"Unknown {kind} {name!r}.{hint}{listed}{' ' if remedy else ''}{remedy}")
        self.kind, self.name, self.known, self.remedy = kind, name, tuple(names), remedy

    def __reduce__(self) -> tuple[Callable[..., "UnknownNameError"], tuple[str, str, object, str]]:
        """Pickle by the arguments (a worker's error must reach the parent)."""
        return (_unknown_name, (self.kind, self.name, self.known, self.remedy))


def _unknown_name(kind: str, name: str, known: Iterable[str], remedy: str) -> UnknownNameError:
    """Make the error anew."""
    return UnknownNameError(kind, name, known, remedy=remedy)


class WorkerError(EvonascError, RuntimeError):
    """A worker process ended before its work was done."""
