"""What `from evonasc import ...` offers, and what importing it costs."""

import doctest
import subprocess
import sys
import time
from pathlib import Path

import pytest

import evonasc

ROOT = Path(__file__).parents[1]


def test_exported_names_are_those_of_the_table_sorted():
    assert set(evonasc.__all__) == set(evonasc._FACE)
    # as ruff orders them: classes, then functions
    assert evonasc.__all__ == sorted(evonasc.__all__, key=lambda name: (name[0].islower(), name))
    assert set(evonasc.__all__) <= set(dir(evonasc))


@pytest.mark.parametrize("name", evonasc.__all__)
def test_every_exported_name_has_an_example_that_runs(name):
    thing = getattr(evonasc, name)
    assert thing.__module__ == evonasc._FACE[name]
    module = sys.modules[thing.__module__]
    (found,) = doctest.DocTestFinder(recurse=False).find(thing, name, globs=dict(vars(module)))
    assert found.examples
    assert not doctest.DocTestRunner().run(found).failed


def test_a_name_that_is_not_exported_is_refused_as_by_any_module():
    with pytest.raises(AttributeError, match="module 'evonasc' has no attribute 'absent'"):
        evonasc.absent  # noqa: B018


def seconds(statement):
    """Return the quickest of several fresh interpreters."""
    times = []
    for _ in range(7):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True, cwd=ROOT)
        times.append(time.perf_counter() - started)
    return min(times)


def test_importing_the_package_is_quick_and_loads_no_third_party():
    assert seconds("import evonasc") - seconds("pass") < 0.05
    code = "import sys, evonasc; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"numpy", "torch", "pymoo"}
