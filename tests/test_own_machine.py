from dataclasses import fields, replace

import numpy as np
import pytest
from own_machines import made_up_profile, networks, write_calibrated

from evonasc.cost.own_machine import (
    check_name,
    check_power,
    read_own_machine,
    scaled_features,
    write_own_machine,
)
from evonasc.cost.profile_fit import fit_profile
from evonasc.errors import ConfigError, DataFileError
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.nasbench201.space import NasBench201
from evonasc.space.layers import Layer

SPACE = NasBench201()


@pytest.fixture(scope="module")
def machine():
    return fit_profile(made_up_profile(20)[0], SPACE, name="mybox")


@pytest.fixture
def arrays(machine, tmp_path):
    """Return the arrays of a good file, to be spoilt, and a function that writes them."""
    write_own_machine(tmp_path / "good.npz", machine)
    with np.load(tmp_path / "good.npz") as archive:
        return dict(archive)


def written(arrays, path):
    np.savez(path, **arrays)
    return path


def test_a_file_gives_the_machine_back(machine, tmp_path):
    write_own_machine(tmp_path / "new" / "m.npz", machine)
    again = read_own_machine(tmp_path / "new" / "m.npz")
    for field in fields(machine):
        one, other = getattr(machine, field.name), getattr(again, field.name)
        np.testing.assert_array_equal(one, other, err_msg=field.name)


def test_the_same_machine_gives_the_same_bytes(machine, tmp_path):
    for name in ("a.npz", "b.npz"):
        write_own_machine(tmp_path / name, machine)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_file_that_changed_is_read_again(tmp_path):
    path = tmp_path / "m.npz"
    write_calibrated(path, factor=2.0)
    before = read_own_machine(path).weights[0]
    write_calibrated(path, factor=30.0)
    assert (before, read_own_machine(path).weights[0]) == pytest.approx((2.0, 30.0))


def test_total_is_factor_constant_and_features_but_no_less_than_the_least(machine):
    weights = np.zeros_like(machine.weights)
    weights[:2] = 2.0, -3.0
    plain = replace(machine, weights=weights, least_factor=0.5)
    cells = networks(2)
    # 2 * 4 - 3, and 2 * 1 - 3 is less than 0.5 * 1
    assert plain.total_ms(cells, np.array([4.0, 1.0])).tolist() == [5.0, 0.5]
    weights[2] = 1.0
    first = scaled_features(cells)[:, 0]
    np.testing.assert_allclose(plain.total_ms(cells, np.array([9.0, 9.0])), 15.0 + first)


def test_features_are_alike_over_all_networks():
    features = scaled_features(SPACE.networks())
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(features.std(axis=0), 1)


def test_layers_of_another_space_are_refused(machine):
    with pytest.raises(ConfigError, match="must know the 1 layers .* of 24 others. Profile it aga"):
        machine.layer_times((Layer("depthwise", 3, 4, 5, 6, 7),))
    np.testing.assert_array_equal(machine.layer_times(SPACE.layers), machine.layer_ms)


@pytest.mark.parametrize("name", ["", "a b", "x/y", "-x", "a" * 41, "näh"])
def test_a_name_is_a_word(name):
    with pytest.raises(ConfigError, match="1 to 40 letters"):
        check_name(name, HARDWARE)


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(ConfigError, match="got 'raspi4'. Choose another --name"):
        check_name("raspi4", HARDWARE)
    check_name("raspi4-garage", HARDWARE)


@pytest.mark.parametrize("power", [0.0, -3.0, float("nan"), float("inf")])
def test_power_is_positive(power):
    with pytest.raises(ConfigError, match="power_mw must be positive"):
        check_power(power)


def test_a_file_must_be_known_again_by_its_name(machine, tmp_path):
    with pytest.raises(ConfigError, match=r"must end in \.npz, got '.*mybox'"):
        write_own_machine(tmp_path / "mybox", machine)


def test_a_folder_that_cannot_be_made_is_named(machine, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Cannot write .*m.npz"):
        write_own_machine(tmp_path / "file" / "m.npz", machine)


def test_an_absent_file_is_told_how_to_make(tmp_path):
    with pytest.raises(DataFileError, match="Cannot read the machine .*absent.npz.*hardware prof"):
        read_own_machine(tmp_path / "absent.npz")


def test_text_is_no_machine(tmp_path):
    (tmp_path / "m.npz").write_text("arch_str,latency_ms\n")
    with pytest.raises(DataFileError, match="must be a file of `evonasc hardware .*another kind"):
        read_own_machine(tmp_path / "m.npz")


def test_an_npz_of_something_else_is_no_machine(tmp_path):
    np.savez(tmp_path / "m.npz", weights=np.ones(3))
    with pytest.raises(DataFileError, match="it lacks 'format'"):
        read_own_machine(tmp_path / "m.npz")


def test_pickles_are_not_read(arrays, tmp_path):
    arrays["weights"] = np.array([object()], dtype=object)
    with pytest.raises(DataFileError, match="allow_pickle=False"):
        read_own_machine(written(arrays, tmp_path / "m.npz"))


def test_half_a_file_is_no_machine(machine, tmp_path):
    write_own_machine(tmp_path / "m.npz", machine)
    whole = (tmp_path / "m.npz").read_bytes()
    (tmp_path / "m.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataFileError, match="must be a file of"):
        read_own_machine(tmp_path / "m.npz")


SPOILT = {
    "its format is 'evonasc machine 9'": {"format": "evonasc machine 9"},
    "nobody says how it was made": {"made_by": "guess"},
    "its weights are of another version": {"weights": np.ones(4)},
    "its cells have another shape": {"cells": np.zeros((3, 6), dtype=int)},
    "a measured time is not positive": {"times_ms": np.full(20, -1.0)},
    "the time of a layer is not positive": {"layer_ms": np.full(len(SPACE.layers), np.nan)},
    "layers and their times differ in number": {"layer_ms": np.ones(2)},
    "its least factor is not positive": {"least_factor": 0.0},
    "it needs either layers or a base": {"base": "raspi4"},
    "its power is not positive": {"power_mw": -1.0},
    "it has the name 'my box'": {"name": "my box"},
    "a text in it is no line of words": {"description": "two\nlines"},
}


@pytest.mark.parametrize("reason", SPOILT)
def test_what_cannot_be_is_refused_in_one_line(reason, arrays, tmp_path):
    arrays |= {name: np.array(value) for name, value in SPOILT[reason].items()}
    with pytest.raises(DataFileError) as refusal:
        read_own_machine(written(arrays, tmp_path / "m.npz"))
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_weight_that_is_no_number_is_refused(arrays, tmp_path):
    arrays["weights"][3] = np.nan
    with pytest.raises(DataFileError, match="a weight is no finite number"):
        read_own_machine(written(arrays, tmp_path / "m.npz"))


def test_an_operation_that_does_not_exist_is_refused(arrays, tmp_path):
    arrays["cells"][0, 0] = 5
    with pytest.raises(DataFileError, match="a cell holds an unknown operation"):
        read_own_machine(written(arrays, tmp_path / "m.npz"))
