import hashlib
from dataclasses import fields

import numpy as np
import pytest
from own_machines import SPACE, made_up_profile

from evonasc.cost.machine_record import (
    check_name,
    check_power,
    layer_key,
    read_record,
    write_record,
)
from evonasc.cost.profile_fit import fit_profile
from evonasc.errors import ConfigError, DataFileError
from evonasc.nasbench201.machines.known import HARDWARE


@pytest.fixture(scope="module")
def machine():
    return fit_profile(made_up_profile(20)[0], SPACE, name="mybox")


@pytest.fixture
def arrays(machine, tmp_path):
    """Return the arrays of a good file, to be spoilt, and a function that writes them."""
    write_record(tmp_path / "good.npz", machine)
    with np.load(tmp_path / "good.npz") as archive:
        return dict(archive)


def written(arrays, path):
    np.savez(path, **arrays)
    return path


def test_a_file_gives_the_machine_back(machine, tmp_path):
    write_record(tmp_path / "new" / "m.npz", machine)
    again, digest = read_record(tmp_path / "new" / "m.npz")
    assert digest == hashlib.sha256((tmp_path / "new" / "m.npz").read_bytes()).hexdigest()
    for field in fields(machine):
        one, other = getattr(machine, field.name), getattr(again, field.name)
        np.testing.assert_array_equal(one, other, err_msg=field.name)


def test_the_same_machine_gives_the_same_bytes(machine, tmp_path):
    for name in ("a.npz", "b.npz"):
        write_record(tmp_path / name, machine)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_layers_are_kept_as_words(machine):
    assert machine.layer_keys == tuple(map(layer_key, SPACE.layers))
    assert machine.space == "nasbench201"


@pytest.mark.parametrize("name", ["", "a b", "x/y", "-x", "a" * 41, "näh"])
def test_a_name_is_a_word(name):
    with pytest.raises(ConfigError, match="1 to 40 letters"):
        check_name(name, HARDWARE)


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(ConfigError, match="got 'raspi4'. Choose another name"):
        check_name("raspi4", HARDWARE)
    check_name("raspi4-garage", HARDWARE)


@pytest.mark.parametrize("power", [0.0, -3.0, float("nan"), float("inf")])
def test_power_is_positive(power):
    with pytest.raises(ConfigError, match="power_mw must be positive"):
        check_power(power)


def test_a_file_must_be_known_again_by_its_name(machine, tmp_path):
    with pytest.raises(ConfigError, match=r"must end in \.npz, got '.*mybox'"):
        write_record(tmp_path / "mybox", machine)


def test_a_folder_that_cannot_be_made_is_named(machine, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Cannot write .*m.npz"):
        write_record(tmp_path / "file" / "m.npz", machine)


def test_an_absent_file_is_told_how_to_make(tmp_path):
    with pytest.raises(DataFileError, match="Cannot read the machine .*absent.npz.*hardware prof"):
        read_record(tmp_path / "absent.npz")


def test_text_is_no_machine(tmp_path):
    (tmp_path / "m.npz").write_text("arch_str,latency_ms\n")
    with pytest.raises(DataFileError, match="must be a file of `evonasc hardware .*another kind"):
        read_record(tmp_path / "m.npz")


def test_an_npz_of_something_else_is_no_machine(tmp_path):
    np.savez(tmp_path / "m.npz", weights=np.ones(3))
    with pytest.raises(DataFileError, match="it lacks 'format'"):
        read_record(tmp_path / "m.npz")


def test_a_file_of_before_knows_no_idle_power(arrays, tmp_path):
    del arrays["idle_power_mw"]
    assert np.isnan(read_record(written(arrays, tmp_path / "m.npz"))[0].idle_power_mw)


def test_pickles_are_not_read(arrays, tmp_path):
    arrays["weights"] = np.array([object()], dtype=object)
    with pytest.raises(DataFileError, match="allow_pickle=False"):
        read_record(written(arrays, tmp_path / "m.npz"))


def test_half_a_file_is_no_machine(machine, tmp_path):
    write_record(tmp_path / "m.npz", machine)
    whole = (tmp_path / "m.npz").read_bytes()
    (tmp_path / "m.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataFileError, match="must be a file of"):
        read_record(tmp_path / "m.npz")


SPOILT = {
    "its format is 'evonasc machine 9'": {"format": "evonasc machine 9"},
    "nobody says how it was made": {"made_by": "guess"},
    "its format is 'evonasc machine 1'": {"format": "evonasc machine 1"},
    "its weights are none": {"weights": np.ones(1)},
    "its networks have another shape": {"networks": np.zeros((3, 6), dtype=int)},
    "its networks are no whole numbers": {"networks": np.zeros((20, 6))},
    "a measured time is not positive": {"times_ms": np.full(20, -1.0)},
    "the time of a layer is not positive": {"layer_ms": np.full(len(SPACE.layers), np.nan)},
    "layers and their times differ in number": {"layer_ms": np.ones(2)},
    "its least factor is not positive": {"least_factor": 0.0},
    "it needs either layers or a base": {"base": "raspi4"},
    "its power is not positive": {"power_mw": -1.0},
    "its idle power is not positive": {"idle_power_mw": 0.0},
    "it has the name 'my box'": {"name": "my box"},
    "a text in it is no line of words": {"description": "two\nlines"},
}


@pytest.mark.parametrize("reason", SPOILT)
def test_what_cannot_be_is_refused_in_one_line(reason, arrays, tmp_path):
    arrays |= {name: np.array(value) for name, value in SPOILT[reason].items()}
    with pytest.raises(DataFileError) as refusal:
        read_record(written(arrays, tmp_path / "m.npz"))
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_weight_that_is_no_number_is_refused(arrays, tmp_path):
    arrays["weights"][3] = np.nan
    with pytest.raises(DataFileError, match="a weight is no finite number"):
        read_record(written(arrays, tmp_path / "m.npz"))
