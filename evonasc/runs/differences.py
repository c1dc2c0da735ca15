"""Settings in which runs differ, field by field: two runs that are not the same look different."""

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any


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
    flat = [flattened(document) for document in documents]
    names = list(dict.fromkeys(name for one in flat for name in one))
    differing = [name for name in names if len({one.get(name, "-") for one in flat}) > 1]
    return [{name: one.get(name, "-") for name in differing} for one in flat]


def changed_inputs(runs: Sequence[Mapping[str, str]]) -> list[list[str]]:
    """Return for each run the inputs that others had otherwise under the same name, in words.

    Args:
        runs: The SHA-256 of each run's inputs by name, see
            :func:`evonasc.runs.digests.input_digests`.

    Example:
        >>> changed_inputs([{"link t.csv": "3fa2b1c8d0"}, {"link t.csv": "77e0aa1204"}])
        [['link t.csv with SHA-256 3fa2b1c8'], ['link t.csv with SHA-256 77e0aa12']]
    """
    shared = [name for name in runs[0] if all(name in inputs for inputs in runs)]
    differing = [name for name in shared if len({inputs[name] for inputs in runs}) > 1]
    return [[f"{name} with SHA-256 {inputs[name][:8]}" for name in differing] for inputs in runs]


def without_folders(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description with the files of its ``inputs`` by their names alone.

    Their contents are digested beside them, so that where they lie decides nothing: a machine's
    file that was moved is the same machine.

    Example:
        >>> without_folders({"head": "a/box.npz", "inputs": {"hardware a/box.npz": "3fa2"}})
        {'head': 'box.npz', 'inputs': {'hardware box.npz': '3fa2'}}
    """
    inputs = description.get("inputs")
    if not isinstance(inputs, Mapping):
        return dict(description)
    kinds_and_places = [label.partition(" ")[::2] for label in inputs]
    names = {
        place: ":".join(PurePath(part).name for part in place.split(":"))  # trace:FILE, FILE:NAME
        for _, place in kinds_and_places
    }

    def renamed(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: renamed(inner) for name, inner in value.items() if name != "inputs"}
        if isinstance(value, list):
            return [renamed(inner) for inner in value]
        return names.get(value, value) if isinstance(value, str) else value

    result: dict[str, Any] = renamed(description)
    result["inputs"] = {
        f"{kind} {names[place]}": inputs[f"{kind} {place}"] for kind, place in kinds_and_places
    }
    return result


def flattened(document: Mapping[str, object], *, inside: str = "") -> dict[str, str]:
    """Return the fields of a document, those inside others too, as text."""
    result: dict[str, str] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            result |= flattened(value, inside=f"{inside}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            result[f"{inside}{name}"] = text
    return result
