"""Settings in which runs differ, field by field: two runs that are not the same look different."""

import json
from collections.abc import Mapping, Sequence


def differences(documents: Sequence[Mapping[str, object]]) -> list[dict[str, str]]:
    """Return what each document has in the fields that are not the same in all of them.

    Args:
        documents: Configurations as JSON holds them, see
            :func:`evonasc.runs.record.config_dict`.

    Returns:
        For each, a field's name to its value as text, a dash where it has no such field. The name
        of a field inside another is both, with a point.

    Example:
        >>> differences([{"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}, "d": "x"}])
        [{'a.c': '2', 'd': '-'}, {'a.c': '3', 'd': 'x'}]
    """
    flat = [_flat(document) for document in documents]
    names = list(dict.fromkeys(name for one in flat for name in one))
    differing = [name for name in names if len({one.get(name, "-") for one in flat}) > 1]
    return [{name: one.get(name, "-") for name in differing} for one in flat]


def _flat(document: Mapping[str, object], *, inside: str = "") -> dict[str, str]:
    """Return the fields of a document, those inside others too, as text."""
    result: dict[str, str] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            result |= _flat(value, inside=f"{inside}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            result[f"{inside}{name}"] = text
    return result
