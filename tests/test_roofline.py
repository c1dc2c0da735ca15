import numpy as np
import pytest

from evonasc.cost.cuts import design_space
from evonasc.cost.roofline import Roofline, head_table_ms, rooflines
from evonasc.cost.scenario import SCENARIOS
from evonasc.cost.split_cost import split_costs
from evonasc.nasbench201.machines.known import HARDWARE, total_ms
from evonasc.nasbench201.space import NasBench201
from evonasc.space.layers import Layer

SPACE = NasBench201()
NETWORKS = SPACE.networks()[::100]


def test_a_layer_takes_the_longer_of_arithmetic_and_memory():
    roofline = Roofline(1000.0, 500.0, 0.25, lanes=1, stiffness=0.0, fit_error=0.0)
    layers = (
        Layer("conv", 8, 8, macs=4000, params=10, elements=90),  # 4 ms against 400 / 500 bytes
        Layer("pool", 8, 8, macs=0, params=0, elements=250),  # 1000 bytes / 500
        Layer("sum", 8, 8, macs=0, params=0, elements=250),  # the same, fused: no start
    )
    np.testing.assert_allclose(roofline.layer_ms(layers), [4.25, 2.25, 2.0])


def test_idle_lanes_cost_as_much_as_the_stiffness_says():
    """12 of 16 lanes busy on either side: 9/16 filled, so up to 16/9 of the... speed is lost."""
    layer = Layer("conv", 12, 12, macs=9000, params=0, elements=1)
    rigid = Roofline(1000.0, 1e9, 0.0, lanes=16, stiffness=1.0, fit_error=0.0)
    half = Roofline(1000.0, 1e9, 0.0, lanes=16, stiffness=0.5, fit_error=0.0)
    # Utilisation 1 / (1/2 + 1/2 * 16/9) = 18/25.
    assert rigid.layer_ms((layer,))[0] == pytest.approx(9 * 16 / 9)
    assert half.layer_ms((layer,))[0] == pytest.approx(9 * 25 / 18)


@pytest.mark.parametrize("hardware", sorted(HARDWARE))
def test_head_times_rise_from_nothing_to_exactly_the_total(hardware):
    table = head_table_ms(hardware, SPACE, NETWORKS)
    assert (table[:, 0] == 0).all()
    assert np.array_equal(table[:, -1], total_ms(hardware, NETWORKS))
    assert (np.diff(table, axis=1) >= -1e-9).all()


def test_identity_cells_take_no_time():
    table = head_table_ms("raspi4", SPACE, np.array([SPACE.bare_network]))[0]
    assert len(set(table[1:7])) == 1
    assert len(set(table[7:13])) == 1
    assert len(set(table[13:19])) == 1


def test_cells_of_one_stage_take_equal_time():
    table = head_table_ms("pixel3", SPACE, NETWORKS)
    cells = np.diff(table, axis=1)
    for first, last in ((1, 6), (7, 12), (13, 18)):
        np.testing.assert_allclose(cells[:, first:last].std(axis=1), 0, atol=1e-9)


def test_the_four_machines_with_block_tables_have_rooflines():
    assert sorted(rooflines()) == ["eyeriss", "fpga", "pixel3", "raspi4"]
    assert all(0 < roofline.fit_error < 0.15 for roofline in rooflines().values())


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_latency_is_the_sum_of_its_parts_and_all_local_is_the_devices_total(name):
    scenario = SCENARIOS[name]
    designs = design_space(scenario, SPACE)
    genes = designs.canonical(np.concatenate([NETWORKS, np.full((len(NETWORKS), 1), 19)], axis=1))
    costs = split_costs(genes, designs=designs, scenario=scenario)
    assert np.array_equal(costs.latency_ms, total_ms(scenario.head_hardware, NETWORKS))
    assert (costs.uplink_ms == 0).all()
    assert (costs.tail_ms == 0).all()
    assert (costs.payload_bytes == 0).all()
