from evonasc.nasbench201.machines.known import HARDWARE


def test_machines_are_sorted_and_go_by_their_own_name():
    assert list(HARDWARE) == sorted(HARDWARE)
    assert all(machine.name == name for name, machine in HARDWARE.items())


def test_simulated_machines_have_a_closed_form_and_no_two_share_measurements():
    exact = [name for name, machine in HARDWARE.items() if machine.kind == "closed form"]
    assert exact == ["eyeriss", "fpga"]
    assert len({machine.column for machine in HARDWARE.values()}) == len(HARDWARE)


def test_a_busy_server_is_measured_by_the_batch_and_shown_by_the_input():
    for machine in HARDWARE.values():
        wanted = 32 if machine.name.endswith("_busy") else 1
        assert machine.batch == wanted
