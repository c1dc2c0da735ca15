import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from own_machines import KNOWN, SPACE, path

from evonasc.cost.costs import path_costs
from evonasc.cost.cuts import design_space
from evonasc.cost.energy import device_power
from evonasc.cost.link import FixedLink
from evonasc.cost.machine import Machine
from evonasc.cost.path import Path
from evonasc.cost.payload import payload_table
from evonasc.cost.scenario import Scenario
from evonasc.cost.scenario_table import SCENARIOS, named_scenario
from evonasc.errors import ConfigError
from evonasc.nasbench201.cells import CONV1X1, CONV3X3, SKIP
from evonasc.space import DesignSpace

BARE = (0, 0, 0, SKIP, 0, 0)
ONE_MACHINE = Scenario(head_hardware="eyeriss", tail_hardware="eyeriss", min_split=0)


def costs_of(genes, scenario=ONE_MACHINE):
    designs, genes = design_space(scenario, SPACE), np.array(genes)
    np.testing.assert_array_equal(SPACE.canonical(genes[:, :6]), genes[:, :6])
    return path_costs(genes, designs=designs, path=path(scenario))


# Two machines


def test_head_and_tail_of_one_machine_add_up_to_its_total_at_every_cut():
    cell = SPACE.canonical(np.array([(CONV3X3, 0, CONV1X1, 4, SKIP, CONV3X3)]))[0]
    costs = costs_of([[*cell, cut] for cut in range(20)])
    total = KNOWN["eyeriss"].total_ms(cell[None])[0]
    np.testing.assert_allclose(costs.machine_ms.sum(axis=1), total)
    np.testing.assert_allclose(costs.latency_ms, total + costs.link_ms[:, 0])
    assert costs.machine_ms[0, 0] == costs.machine_ms[19, 1] == 0.0


def test_head_runs_on_one_machine_and_tail_on_the_other():
    scenario = Scenario(head_hardware="raspi4", tail_hardware="fpga", min_split=0)
    cell = (0, 0, 0, CONV3X3, 0, 0)
    costs = costs_of([[*cell, 0], [*cell, 19]], scenario)
    head, tail = (KNOWN[name].total_ms(np.array([cell]))[0] for name in ("raspi4", "fpga"))
    assert costs.machine_ms.tolist() == [[0.0, tail], [head, 0.0]]


def test_a_cut_behind_cells_that_compute_nothing_costs_what_the_first_such_cut_does():
    costs = costs_of([[*BARE, cut] for cut in range(7, 13)])
    for values in (costs.latency_ms, costs.head_memory_bytes, costs.payload_bytes[:, 0]):
        assert len(set(values)) == 1


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_all_local_takes_the_devices_total_and_sends_nothing(name):
    scenario, networks = named_scenario(name), SPACE.networks()[::100]
    costs = costs_of(np.concatenate([networks, np.full((len(networks), 1), 19)], axis=1), scenario)
    total = KNOWN[scenario.head_hardware].total_ms(networks)
    np.testing.assert_array_equal(costs.latency_ms, total)
    for values in (costs.link_ms, costs.machine_ms[:, 1], costs.payload_bytes):
        assert (values == 0).all()


def test_payload_uplink_and_energy_by_hand():
    # after stage 3 at 8 bits: 64 * 8 * 8 values and 8 bytes, in 3 packets of at most 1460
    scenario = Scenario(head_power_mw=1000.0, uplink_mbps=2.0, one_way_delay_ms=5.0)
    costs = costs_of([[0, 0, 0, CONV3X3, 0, 0, 18]], scenario)
    assert costs.payload_bytes.tolist() == [[4104]]
    sending_ms = (4104 + 3 * 40) * 8 / 2000
    assert costs.link_ms[0, 0] == pytest.approx(sending_ms + 5.0)
    # 1 W while computing; wifi at 2 Mbit/s: 283.17 * 2 + 132.86 mW while sending
    head_ms, taken = costs.machine_ms[:, 0], path(scenario)
    radio_ms = taken.uplink.radio_ms(costs.payload_bytes[:, 0])
    waiting_ms = costs.latency_ms - head_ms
    found = device_power(scenario, taken).energy_mj(head_ms, radio_ms, waiting_ms, mbps=2.0)
    # and 2.7 W, a Raspberry Pi 4 at rest, until the answer is there
    assert found[0] == pytest.approx(head_ms[0] + 0.69920 * sending_ms + 2.7 * waiting_ms[0])


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_every_cost_is_finite_and_not_negative(seed):
    rng = np.random.default_rng(seed)
    for scenario in map(named_scenario, SCENARIOS):
        designs = design_space(scenario, SPACE)
        genes = designs.canonical(designs.sample(30, rng=rng))
        costs = path_costs(genes, designs=designs, path=path(scenario))
        for values in vars(costs).values():
            assert len(values) == 30
            assert np.isfinite(values).all()
            assert (values >= 0).all()


def test_no_designs_cost_nothing():
    assert costs_of(np.zeros((0, 7), dtype=np.int64)).latency_ms.shape == (0,)


# Three machines


class Steady(Machine):
    """Takes the same time for every block."""

    kind, description, digest, provenance = "made up", "made up", "", "made up"

    def __init__(self, name, block_ms):
        self.name, self.block_ms = name, block_ms

    def head_table_ms(self, operations):
        return np.tile(self.block_ms * np.arange(20.0), (len(operations), 1))

    def total_ms(self, operations):
        return self.head_table_ms(operations)[:, -1]


def link(mbps):
    return FixedLink(Scenario(uplink_mbps=mbps, one_way_delay_ms=0.5, packet_header_bytes=0))


MACHINES = tuple(Steady(name, ms) for name, ms in (("device", 4.0), ("edge", 2.0), ("cloud", 0.25)))
LONG = Path(MACHINES, (link(8.0), link(64.0)))


def allow_all(operations, bits):
    return np.ones((*bits.shape, 20), dtype=bool)


def long_costs(*placements):
    """Return the costs of a network of convolutions, cut twice."""
    designs = DesignSpace(SPACE, (8,), allow_all, n_links=2)
    genes = np.array([(0, 0, 0, CONV3X3, 0, 0, *cuts) for cuts in placements])
    return path_costs(designs.canonical(genes), designs=designs, path=LONG)


def test_each_machine_of_three_computes_the_blocks_between_its_cuts():
    costs = long_costs((3, 10), (0, 19), (19, 19))
    # 3, 7 and 9 of 19 blocks; all in the middle; all on the device
    assert costs.machine_ms.tolist() == [[12.0, 14.0, 2.25], [0.0, 38.0, 0.0], [76.0, 0.0, 0.0]]


def test_each_link_of_two_carries_the_tensor_at_its_cut():
    costs, table = long_costs((3, 10), (0, 19), (19, 19)), payload_table(SPACE, bits=8)
    assert costs.payload_bytes.tolist() == [[table[3], table[10]], [3072.0, 0.0], [0.0, 0.0]]
    # 16,392 bytes at 8,000 bits a ms and 8,200 at 64,000, and half a ms each
    sending = [[16392 * 8 / 8000 + 0.5, 8200 * 8 / 64000 + 0.5], [3072 / 1000 + 0.5, 0.0]]
    np.testing.assert_allclose(costs.link_ms[:2], sending)
    assert costs.link_ms[2].tolist() == [0.0, 0.0]


def test_the_latency_is_the_sum_along_the_path():
    costs = long_costs((3, 10), (5, 5), (0, 0), (1, 18))
    parts = [costs.machine_ms[:, 0]]
    for place in (0, 1):
        parts += [costs.link_ms[:, place], costs.machine_ms[:, place + 1]]
    np.testing.assert_array_equal(costs.latency_ms, sum(parts))


def test_equal_cuts_leave_the_machine_between_them_idle():
    costs = long_costs((7, 7))
    assert costs.machine_ms.tolist() == [[28.0, 0.0, 3.0]]
    assert costs.payload_bytes[0, 0] == costs.payload_bytes[0, 1] > 0


def test_the_head_of_three_machines_is_what_the_device_holds():
    one = costs_of([[0, 0, 0, CONV3X3, 0, 0, 3]])
    assert long_costs((3, 10)).head_memory_bytes.tolist() == one.head_memory_bytes.tolist()


def test_designs_must_have_a_cut_for_each_link():
    designs = design_space(ONE_MACHINE, SPACE)
    with pytest.raises(ConfigError, match="must be over the 2 links of the path, got 1"):
        path_costs(np.array([[*BARE, 3]]), designs=designs, path=LONG)
