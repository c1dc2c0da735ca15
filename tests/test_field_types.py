"""Values of other types than their fields: one clear error from Python, JSON and TOML alike."""

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest

from evonasc import (
    Bound,
    ComparisonConfig,
    RunConfig,
    Scenario,
    SearchConfig,
    compare,
    front_table,
    load_run,
    named_scenario,
    pick,
    run,
)
from evonasc.errors import ConfigError
from evonasc.field_types import as_type, from_text, require_types
from evonasc.supernet.live_options import CotrainedOptions, LiveOptions

#: Of a type that no field has, and some of types that few have.
NASTY = (object(), [object()], {"a": 1}, b"x", {1}, 1j, ("a", 1.5))
COMPARISON = ComparisonConfig(RunConfig(problem="toy"), (Scenario(),), ("random",), (20,), 1)
RECORDS = (
    Scenario(),
    SearchConfig(),
    Bound("error", 1.0),
    RunConfig(),
    LiveOptions(),
    CotrainedOptions(),
    COMPARISON,
)


@pytest.mark.parametrize(
    ("record", "name"),
    [
        pytest.param(record, field.name, id=f"{type(record).__name__}-{field.name}")
        for record in RECORDS
        for field in fields(record)
    ],
)
@pytest.mark.parametrize("value", NASTY, ids=repr)
def test_a_field_of_another_type_is_refused_by_name(record, name, value):
    with pytest.raises(ConfigError, match=name):
        replace(record, **{name: value})


@pytest.mark.parametrize("value", [5, 1.5, object(), b"x"], ids=repr)
@pytest.mark.parametrize(
    ("function", "name"),
    [
        (run, "config"),
        (load_run, "folder"),
        (named_scenario, "name"),
        (front_table, "result"),
        (pick, "run"),
        (lambda value: compare(value, "x"), "config"),
        (lambda value: compare(COMPARISON, value), "folder"),
    ],
)
def test_an_argument_of_another_type_is_refused_by_name(function, name, value):
    with pytest.raises(ConfigError, match=f"^{name} must be .*, got "):
        function(value)


@dataclass(frozen=True)
class Record:
    whole: int = 1
    number: float = 1.0
    path: Path | None = None
    pair: tuple[str, int] = ("a", 1)

    def __post_init__(self):
        require_types(self)


def test_numbers_of_numpy_and_texts_of_paths_become_what_is_meant():
    record = Record(np.int64(3), np.float32(0.5), "a/b", ["x", np.int8(2)])
    assert record == Record(3, 0.5, Path("a/b"), ("x", 2))
    assert [type(getattr(record, field.name)) for field in fields(record)[:2]] == [int, float]
    assert type(Record(number=3).number) is float


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"whole": 1.0}, "whole must be a whole number, got 1.0."),
        ({"whole": True}, "whole must be a whole number, got True."),
        ({"number": "1"}, "number must be a number, got '1'."),
        ({"number": 10**400}, "number must be a number, got 1000"),
        ({"path": 3}, "path must be a path or nothing, got 3."),
        ({"pair": ("a",)}, "pair must be a list of text, a whole number, got ('a',)."),
        ({"pair": "ab"}, "pair must be a list of text, a whole number, got 'ab'."),
    ],
)
def test_the_message_says_what_was_expected_and_what_came(values, message):
    with pytest.raises(ConfigError) as caught:
        Record(**values)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value)) < 300


def test_text_is_read_as_json_where_no_text_is_meant():
    assert from_text(int | None, "3") == 3
    assert from_text(int | None, "null") is None
    assert from_text(float, "3") == 3.0
    assert from_text(str, "3") == "3"
    assert from_text(tuple[int, ...], "[1, 2]") == (1, 2)
    for text in ("NaN", "x", "[", "1e999"):
        with pytest.raises(TypeError, match="must be a number"):
            from_text(float, text)


def test_lists_of_numbers_are_told_item_by_item():
    assert as_type(tuple[int, ...], []) == ()
    with pytest.raises(TypeError, match=r"must be a list of whole numbers, got \[1, 'a'\]"):
        as_type(tuple[int, ...], [1, "a"])


def test_a_budget_of_many_digits_is_refused_in_a_line():
    with pytest.raises(ConfigError, match="budget must be at most"):
        SearchConfig(budget=10**400)
