import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evonasc.cost.cuts import design_space
from evonasc.cost.scenario import SCENARIOS, Scenario
from evonasc.cost.split_cost import split_costs, split_energy_mj
from evonasc.nasbench201.cells import CONV1X1, CONV3X3, SKIP
from evonasc.nasbench201.machines.known import total_ms
from evonasc.nasbench201.space import NasBench201

SPACE = NasBench201()
BARE = (0, 0, 0, SKIP, 0, 0)
ONE_MACHINE = Scenario(head_hardware="eyeriss", tail_hardware="eyeriss", min_split=0)


def costs_of(genes, scenario=ONE_MACHINE):
    designs, genes = design_space(scenario, SPACE), np.array(genes)
    np.testing.assert_array_equal(SPACE.canonical(genes[:, :6]), genes[:, :6])
    return split_costs(genes, designs=designs, scenario=scenario)


# Costs of a cut


def test_head_and_tail_of_one_machine_add_up_to_its_total_at_every_cut():
    cell = SPACE.canonical(np.array([(CONV3X3, 0, CONV1X1, 4, SKIP, CONV3X3)]))[0]
    costs = costs_of([[*cell, cut] for cut in range(20)])
    total = total_ms("eyeriss", cell[None])[0]
    np.testing.assert_allclose(costs.head_ms + costs.tail_ms, total)
    np.testing.assert_allclose(costs.latency_ms, total + costs.uplink_ms)
    assert costs.head_ms[0] == costs.tail_ms[19] == 0.0


def test_head_runs_on_one_machine_and_tail_on_the_other():
    scenario = Scenario(head_hardware="raspi4", tail_hardware="fpga", min_split=0)
    cell = (0, 0, 0, CONV3X3, 0, 0)
    costs = costs_of([[*cell, 0], [*cell, 19]], scenario)
    assert costs.tail_ms.tolist() == [total_ms("fpga", np.array([cell]))[0], 0.0]
    assert costs.head_ms.tolist() == [0.0, total_ms("raspi4", np.array([cell]))[0]]


def test_a_cut_behind_cells_that_compute_nothing_costs_what_the_first_such_cut_does():
    costs = costs_of([[*BARE, cut] for cut in range(7, 13)])
    for values in (costs.latency_ms, costs.head_memory_bytes, costs.payload_bytes):
        assert len(set(values)) == 1


def test_payload_uplink_and_energy_by_hand():
    # after stage 3 at 8 bits: 64 * 8 * 8 values and 8 bytes, in 3 packets of at most 1460
    scenario = Scenario(head_power_mw=1000.0, uplink_mbps=2.0, one_way_delay_ms=5.0)
    costs = costs_of([[0, 0, 0, CONV3X3, 0, 0, 18]], scenario)
    assert costs.payload_bytes.tolist() == [4104]
    sending_ms = (4104 + 3 * 40) * 8 / 2000
    assert costs.uplink_ms[0] == pytest.approx(sending_ms + 5.0)
    # 1 W while computing; wifi at 2 Mbit/s: 283.17 * 2 + 132.86 mW while sending
    expected = costs.head_ms[0] + 0.69920 * sending_ms
    assert split_energy_mj(costs, scenario=scenario)[0] == pytest.approx(expected)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_every_cost_is_finite_and_not_negative(seed):
    rng = np.random.default_rng(seed)
    for scenario in SCENARIOS.values():
        designs = design_space(scenario, SPACE)
        genes = designs.canonical(designs.sample(30, rng=rng))
        costs = split_costs(genes, designs=designs, scenario=scenario)
        for values in vars(costs).values():
            assert values.shape == (30,)
            assert np.isfinite(values).all()
            assert (values >= 0).all()


def test_no_designs_cost_nothing():
    assert costs_of(np.zeros((0, 7), dtype=np.int64)).latency_ms.shape == (0,)
