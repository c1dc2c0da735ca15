"""Known machines on NAS-Bench-201 networks."""

import numpy as np
import pytest
from own_machines import KNOWN, SPACE

from evonasc.errors import GenomeError, UnknownNameError
from evonasc.nasbench201.cells import all_cells
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.nasbench201.machines.machine import KnownMachine
from evonasc.nasbench201.machines.predictor import fit_report, load_predictor

NETWORKS = SPACE.networks()[::100]


@pytest.mark.parametrize("name", HARDWARE)
def test_totals_are_those_of_the_predictor(name):
    cells = all_cells()[::999]
    np.testing.assert_array_equal(KNOWN[name].total_ms(cells), load_predictor(name).total_ms(cells))
    assert KNOWN[name].kind == HARDWARE[name].kind
    assert KNOWN[name].fit is fit_report(name)


@pytest.mark.parametrize("name", HARDWARE)
def test_head_times_rise_from_nothing_to_exactly_the_total(name):
    table = KNOWN[name].head_table_ms(NETWORKS)
    assert (table[:, 0] == 0).all()
    assert np.array_equal(table[:, -1], KNOWN[name].total_ms(NETWORKS))
    assert (np.diff(table, axis=1) >= -1e-9).all()


def test_identity_cells_take_no_time():
    table = KNOWN["raspi4"].head_table_ms(np.array([SPACE.bare_network]))[0]
    assert len(set(table[1:7])) == 1
    assert len(set(table[7:13])) == 1
    assert len(set(table[13:19])) == 1


def test_cells_of_one_stage_take_equal_time():
    cells = np.diff(KNOWN["pixel3"].head_table_ms(NETWORKS), axis=1)
    for first, last in ((1, 6), (7, 12), (13, 18)):
        np.testing.assert_allclose(cells[:, first:last].std(axis=1), 0, atol=1e-9)


def test_where_its_times_come_from_is_said():
    assert KNOWN["raspi4"].provenance.startswith(
        "Raspberry Pi 4 (HW-NAS-Bench, TFLite, batch 1); total fitted to measurements (held-out "
    )
    assert KNOWN["raspi4"].provenance.endswith("on FBNet blocks)")
    assert "a closed form that reproduces HW-NAS-Bench exactly" in KNOWN["eyeriss"].provenance
    assert KNOWN["edgegpu"].provenance.endswith("by MACs and bytes (assumed)")
    models = {name: machine.block_model for name, machine in KNOWN.items()}
    assert sorted(name for name in models if models[name] == "roofline") == [
        "eyeriss",
        "fpga",
        "pixel3",
        "raspi4",
    ]


def test_what_is_no_cell_is_refused():
    for cells in (np.zeros((3, 7), dtype=int), np.full((1, 6), 5)):
        with pytest.raises(GenomeError, match="genes must"):
            KNOWN["raspi4"].total_ms(cells)


def test_an_unknown_machine_names_the_close_match():
    with pytest.raises(UnknownNameError, match=r"'raspi5'\. Did you mean 'raspi4'\?"):
        KnownMachine("raspi5")
