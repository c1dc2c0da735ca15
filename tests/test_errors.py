import pickle

import pytest

from evonasc import errors
from evonasc.errors import ConfigError, EvonascError, UnknownNameError

KNOWN = ("nsga2", "moead", "random")


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("AssetError", RuntimeError),
        ("ConfigError", ValueError),
        ("DataFileError", ValueError),
        ("EvaluationError", RuntimeError),
        ("GenomeError", ValueError),
        ("MissingDependencyError", ImportError),
        ("PluginError", RuntimeError),
        ("UnknownNameError", LookupError),
        ("WorkerError", RuntimeError),
    ],
)
def test_every_error_is_ours_and_the_built_in_a_caller_expects(name, builtin):
    assert issubclass(getattr(errors, name), EvonascError)
    assert issubclass(getattr(errors, name), builtin)


def test_the_module_names_every_error_it_defines():
    """The hierarchy at the top of the file is what readers see."""
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert defined == {name for name in defined if f"{name}" in errors.__doc__}
    assert len(defined) == 10


def test_an_unknown_name_shows_the_close_match_and_the_known_names():
    message = str(UnknownNameError("algorithm", "nsga22", KNOWN))
    assert message == (
        "Unknown algorithm 'nsga22'. Did you mean 'nsga2'? Known: moead, nsga2, random."
    )


def test_a_name_like_no_other_gets_no_guess():
    message = str(UnknownNameError("algorithm", "xyz", KNOWN))
    assert message == "Unknown algorithm 'xyz'. Known: moead, nsga2, random."


def test_names_may_come_from_any_iterable():
    error = UnknownNameError("algorithm", "nsga", (name for name in KNOWN))
    assert error.known == ("moead", "nsga2", "random")
    assert "'nsga2'" in str(error)


@pytest.mark.parametrize(
    "error", [UnknownNameError("algorithm", "nsga22", KNOWN), ConfigError("budget must ...")]
)
def test_errors_survive_the_way_back_from_a_worker(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
