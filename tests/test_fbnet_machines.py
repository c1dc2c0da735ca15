"""FBNet's machines: entries, models of blocks, whole networks, and the tables that users bring."""

import itertools
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evonasc.fbnet.assets
from evonasc.cli import main
from evonasc.cost.block_record import (
    BlockRecord,
    is_block_record,
    read_block_record,
    write_block_record,
)
from evonasc.cost.machine_table import known_machines, machine_of
from evonasc.errors import AssetError, ConfigError, DataFileError, GenomeError, UnknownNameError
from evonasc.fbnet import BENCHMARK
from evonasc.fbnet.assets import ASSETS
from evonasc.fbnet.machines.block_fitting import MOST_FITTED, fit_pipeline, fit_rates, fit_smooth
from evonasc.fbnet.machines.block_model import PipelineModel, matern
from evonasc.fbnet.machines.entry import Entry, entry_of
from evonasc.fbnet.machines.entry_features import COORDINATES, LOADS, coordinates, loads
from evonasc.fbnet.machines.entry_table import TIMED, WITH_ENERGY, read_entry_table
from evonasc.fbnet.machines.fitting import measured_sums, published_blocks, read_networks
from evonasc.fbnet.machines.importing import import_machines
from evonasc.fbnet.machines.known import HARDWARE
from evonasc.fbnet.machines.network_entries import fixed_entries, searched_entries
from evonasc.fbnet.machines.network_fitting import fit_networks, judge_networks
from evonasc.fbnet.machines.plain_pickle import plain_pickle
from evonasc.fbnet.machines.shipped import (
    entry_report,
    fit_report,
    load_blocks,
    load_model,
    power_mw,
    sharing_reports,
)

SPACE = BENCHMARK.make_space()
KNOWN = known_machines(BENCHMARK.machines)
ALL_ENTRIES = [entry for row in searched_entries() for entry in row] + list(fixed_entries())
BLOCKS = [name for name, one in HARDWARE.items() if one.kind != "networks"]
SERVERS = [name for name, one in HARDWARE.items() if one.kind == "networks"]
# All layers alike: 3x3 without expansion, and 5x5 with sixfold expansion. HW-NAS-Bench's sums, ms.
K3_E1, K5_E6, SKIP = np.zeros((1, 22), dtype=int), np.full((1, 22), 7), np.full((1, 22), 8)
ALL_K3_E1 = {"raspi4": 17.62, "edgegpu": 15.80, "pixel3": 7.79, "fpga": 10.74, "eyeriss": 3.94}
ALL_K5_E6 = {"raspi4": 79.22, "edgegpu": 19.35}


@pytest.fixture(scope="module")
def table(shared_data):
    return read_entry_table(shared_data / "fbnet_blocks.csv")


@pytest.fixture(scope="module")
def networks(shared_data):
    return read_networks(shared_data / "fbnet_5000_cifar100.npz")


def made_up(rng):
    """Return made-up times and energies of every entry that networks have, by column."""
    names = sorted({entry.name for entry in ALL_ENTRIES})
    columns = [*(f"{name}_ms" for name in TIMED), *(f"{name}_mj" for name in WITH_ENERGY)]
    return {
        column: dict(zip(names, rng.uniform(1, 2, len(names)), strict=True)) for column in columns
    }


def write_csv(path, columns):
    names = list(columns["raspi4_ms"])
    rows = [",".join(["entry", *columns])]
    rows += [",".join([name, *(repr(float(columns[c][name])) for c in columns)]) for name in names]
    path.write_text("\n".join(rows) + "\n")
    return path


def write_pickle(path, columns):
    """Write a pickle as the benchmark's is: numpy's numbers, and another space beside FBNet's."""
    words = {"ms": "latency", "mj": "energy"}
    fbnet = {}
    for column, values in columns.items():
        name, _, unit = column.rpartition("_")
        fbnet[f"{name}_{words[unit]}"] = {key: np.float64(one) for key, one in values.items()}
    cells = {"cifar10": {"config": [{"arch_str": "|none~0|"}], "raspi4_latency": np.arange(3.0)}}
    path.write_bytes(pickle.dumps({"nasbench201": cells, "fbnet": fbnet}, protocol=2))
    return path


# Entries


def test_a_network_has_22_layers_of_nine_operations_and_four_fixed_blocks():
    rows = searched_entries()
    assert [len(row) for row in rows] == [9] * 22
    assert sum(row[-1].is_identity for row in rows) == 16  # all but six stages' first layers
    assert rows[1][3].name == "ConvBlock_H32_W32_Cin16_Cout24_exp6_kernel3_stride1_group1"
    assert [entry.name for entry in fixed_entries()] == [
        "ConvNorm_H32_W32_Cin3_Cout16_kernel3_stride1_group1",
        "ConvNorm_H4_W4_Cin352_Cout1504_kernel1_stride1_group1",
        "AvgP_H4_W4_Cin1504_Cout1504_kernel4_stride1",
        "FC_Cin1504_Cout100",
    ]


@pytest.mark.parametrize("entry", ALL_ENTRIES[::7] + list(fixed_entries()), ids=lambda e: e.name)
def test_a_name_is_read_back(entry):
    assert entry_of(entry.name) == entry


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Skip",
        "Pool_H4_W4_Cin8_Cout8_stride1",
        "Skip_H4_W8_Cin8_Cout8_stride1",
        "Skip_H4_W4_Cin0_Cout8_stride1",
        "FC_Cin1504_Cout100_more",
        "FC_Cin99999_Cout1",
    ],
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="is no "):
        entry_of(name)


def test_layers_of_a_block_are_counted_by_hand():
    block = Entry("ConvBlock", 8, 16, height=4, expansion=3, kernel=5, stride=2, groups=2)
    expand, depthwise, project = block.layers
    assert expand.macs == 8 * 24 // 2 * 16
    assert depthwise.macs == 24 * 25 * 4  # two by two pixels are left
    assert project.macs == 24 * 16 // 2 * 4
    assert depthwise.elements == 24 * (16 + 4)
    same = Entry("ConvBlock", 8, 8, height=4, kernel=3)
    assert [layer.kind for layer in same.layers] == ["conv", "depthwise", "conv", "sum"]
    assert [layer.kind for layer in Entry("Skip", 8, 8, height=4).layers] == ["copy"]
    (projection,) = Entry("Skip", 8, 16, height=4, stride=2).layers
    assert projection.macs == 8 * 16 * 4


def test_loads_are_sums_over_layers():
    block = Entry("ConvBlock", 8, 8, height=4, expansion=3, kernel=3, groups=2)
    row = dict(zip(LOADS, loads([block])[0].tolist(), strict=True))
    assert (row["conv1x1_layers"], row["grouped_layers"], row["sums"]) == (2, 2, 1)
    assert row["conv_macs"] == 2 * 8 * 24 // 2 * 16
    assert (row["depthwise3_macs"], row["depthwise5_macs"]) == (24 * 9 * 16, 0)
    assert loads([Entry("FC", 10, 5)])[0][LOADS.index("classifier_macs")] == 50
    assert coordinates([block]).shape == (1, len(COORDINATES))


# Models of blocks


def test_rates_are_found_though_a_tenth_is_far_off(rng):
    parts, truth = loads(ALL_ENTRIES), rng.uniform(1e-6, 2e-6, len(LOADS))
    values = parts @ truth
    off = values * np.where(rng.random(len(values)) < 0.1, 1.5, 1.0)
    found = parts @ fit_rates(parts, off)
    assert np.median(np.abs(found / values - 1)) < 0.01


def test_a_smooth_fit_is_close_to_smooth_times_with_fewer_numbers_than_times():
    entries = sorted({entry for entry in ALL_ENTRIES if entry.kind == "ConvBlock"}, key=str)
    base = loads(entries) @ np.full(len(LOADS), 1e-6)
    values = base * (1 + 0.3 * np.array([entry.height for entry in entries]) / 32)
    model, report = fit_smooth(entries, values, copies_cost=False)
    errors = np.abs(model.of_entries(entries) / values - 1)
    assert errors.mean() == pytest.approx(report.mean_error)
    assert errors.mean() < 0.01
    assert report.n_fitted < len(entries) / 4
    assert report.left_out_error < 0.03
    assert model.of_entries([Entry("Skip", 16, 16, height=32)]).tolist() == [0.0]


def test_noise_is_not_followed_beyond_two_numbers_for_three_times(rng):
    """A fit that followed it would be a copy of the table."""
    entries = sorted({entry for entry in ALL_ENTRIES if entry.kind == "ConvBlock"}, key=str)
    values = loads(entries) @ np.full(len(LOADS), 1e-6) * rng.uniform(0.7, 1.3, len(entries))
    model, report = fit_smooth(entries, values, copies_cost=False)
    assert report.n_fitted <= MOST_FITTED * len(entries)
    assert report.mean_error > 0.01
    # The weights of anchors times the kernel are the fit, not the times: noise is lost.
    assert np.abs(model.of_entries(entries) / values - 1).max() > 0.03


def test_what_a_model_gives_does_not_depend_on_what_else_is_asked():
    model = load_model("raspi4")
    together = model.of_entries(ALL_ENTRIES)
    alone = np.array([model.of_entries([entry])[0] for entry in ALL_ENTRIES])
    np.testing.assert_array_equal(together, alone)


def test_the_accelerator_takes_the_longer_of_its_two_pipelines():
    model = PipelineModel(np.array([[1.0, 10.0, 100.0], [2.0, 20.0, 300.0]]))
    block = Entry("ConvBlock", 8, 8, height=4, kernel=3)
    # a pixel: 2 * 64 multiply-accumulates at 1 and 16 channels at 10, against 8 * 9 at 100 ms
    assert model.of_entries([block]).tolist() == [16 * max(2 * 64 + 160, 7200)]
    wide = Entry("ConvBlock", 40, 24, height=7, kernel=3)
    # 40 channels are computed as 48; 224 pixels' rates; the depthwise part computes 40
    dense = 2 * 48 * (48 + 24) + 20 * (48 + 24)
    assert model.of_entries([wide]).tolist() == [49 * max(dense, 300 * 40 * 9)]
    assert model.of_entries([Entry("Skip", 8, 8, height=4)]).tolist() == [0.0]
    assert model.of_entries([Entry("FC", 8, 16)]).tolist() == [8 * 16 + 160]


def test_a_closed_form_is_found_and_what_does_not_follow_one_is_refused():
    truth = PipelineModel(np.array([[3e-7, 4e-6, 9e-7], [2e-7, 5e-6, 8e-7]]))
    shapes = itertools.product((16, 32, 64), (1, 3, 6), (3, 5), (1, 2), (8, 14, 28, 32))
    entries = [
        Entry("ConvBlock", c, c, height=h, expansion=e, kernel=k, groups=g)
        for c, e, k, g, h in shapes
    ]
    times = truth.of_entries(entries)
    found, report = fit_pipeline(entries, times)
    np.testing.assert_allclose(found.rates, truth.rates, rtol=1e-6)
    assert report.n_fitted == 6
    with pytest.raises(DataFileError, match="must follow the closed form"):
        fit_pipeline(entries, times * np.random.default_rng(0).uniform(0.9, 1.1, len(times)))


# Whole networks


def test_whole_networks_tell_the_blocks_they_are_sums_of(rng):
    def time_of(entry):
        return sum(0.1 + 1e-6 * layer.macs for layer in entry.layers)

    is_known = np.array([row[-1].is_identity for row in searched_entries()])
    searched = np.array([[time_of(entry) for entry in row] for row in searched_entries()])
    searched[is_known, -1] = 0.0
    fixed = np.array([time_of(entry) for entry in fixed_entries()])
    operations = rng.integers(0, 9, (1000, 22))
    times = searched[np.arange(22), operations].sum(axis=1) + fixed.sum()
    found = fit_networks(operations, times)
    np.testing.assert_allclose(found.searched_ms[is_known], searched[is_known], atol=1e-6)
    # whatever is not told apart is shared out whole, and on such a machine rightly
    shared = found.searched_ms[~is_known, -1].sum() + found.fixed_ms.sum()
    assert shared == pytest.approx(searched[~is_known, -1].sum() + fixed.sum())
    np.testing.assert_allclose(found.searched_ms[~is_known], searched[~is_known], rtol=0.15)
    report = judge_networks("made up", operations, times, rng=rng)
    assert (report.n_networks, report.n_held_out) == (1000, 200)
    assert report.mape < 1e-6


# What ships


@pytest.mark.parametrize("name", HARDWARE)
def test_head_times_rise_from_nothing_to_exactly_the_total(name, rng):
    operations = rng.integers(0, 9, (50, 22))
    heads = KNOWN[name].head_table_ms(operations)
    assert heads.shape == (50, 27)
    assert (heads[:, 0] == 0).all()
    np.testing.assert_array_equal(heads[:, -1], KNOWN[name].total_ms(operations))
    assert (np.diff(heads, axis=1) >= 0).all()


@pytest.mark.parametrize("name", HARDWARE)
def test_no_block_that_computes_takes_no_time(name):
    for searched, fixed in [load_blocks(name)]:
        assert (fixed > 0).all()
        assert (searched[:, :-1] > 0).all()
        skips = np.array([row[-1].is_identity for row in searched_entries()])
        assert (searched[~skips, -1] > 0).all()
        assert (searched[skips, -1] < 0.03).all()


@pytest.mark.parametrize("name", HARDWARE)
def test_where_its_times_come_from_is_said(name):
    machine, words = KNOWN[name], KNOWN[name].provenance
    assert words.startswith(HARDWARE[name].description)
    assert machine.fit is fit_report(name)
    expected = {
        "blocks": f"(mean error {machine.fit.mape:.1%} of its sums)",
        "closed form": "classifier and 1x1 skips were not simulated there and are estimated",
        "networks": f"mean error {machine.fit.mape:.1%}",
    }
    assert expected[HARDWARE[name].kind] in words
    assert machine.kind == ("closed form" if name == "fpga" else "fitted")


def test_powers_come_from_energies_where_blocks_have_them():
    assert power_mw("fpga") == pytest.approx(7000)
    assert 5000 < power_mw("edgegpu") < 6500
    assert power_mw("titan_rtx") is None
    assert KNOWN["raspi4"].power_mw == HARDWARE["raspi4"].typical_power_mw


def test_energies_of_heads_are_sums_of_blocks(rng):
    operations = rng.integers(0, 9, (20, 22))
    for name, machine in KNOWN.items():
        energies = machine.head_energy_table_mj(operations)
        assert (
            (energies is not None) == HARDWARE[name].has_energy == bool(machine.energy_provenance)
        )
        if energies is not None:
            assert (np.diff(energies, axis=1) >= 0).all()
            assert (energies[:, 0] == 0).all()
    times = KNOWN["fpga"].head_table_ms(operations)
    np.testing.assert_allclose(KNOWN["fpga"].head_energy_table_mj(operations), 7 * times)


def test_servers_say_how_well_networks_tell_blocks():
    assert set(sharing_reports()) == {"raspi4", "pixel3", "edgegpu", "eyeriss"}
    assert all(0 < report.heads < 0.11 for report in sharing_reports().values())
    assert sharing_reports()["raspi4"].heads < 0.01


def test_an_unknown_machine_and_what_is_no_network_are_refused():
    with pytest.raises(UnknownNameError, match=r"'raspi5'\. Did you mean 'raspi4'\?"):
        machine_of("raspi5", space=SPACE, known=BENCHMARK.machines)
    with pytest.raises(UnknownNameError, match="raspi5"):
        fit_report("raspi5")
    for wrong in (np.zeros((1, 21), dtype=int), np.full((1, 22), 9)):
        with pytest.raises(GenomeError):
            KNOWN["raspi4"].total_ms(wrong)


def test_every_shipped_file_says_how_it_was_made():
    folder = Path(evonasc.fbnet.assets.__file__).parent
    found = {f"hardware/{path.name}" for path in (folder / "hardware").iterdir()}
    machines = {path: entry for path, entry in ASSETS.manifest().items() if path in found}
    assert found == machines.keys()
    for path, entry in machines.items():
        assert ASSETS.read(path)
        assert entry["command"].startswith(
            "python -m evonasc hardware fit --data-root DATA --space"
        )


def test_a_shipped_file_is_no_table():
    """No number in it is a published time, and a model has fewer directions than times."""
    for name in ("raspi4", "pixel3", "edgegpu", "eyeriss"):
        report = entry_report(name)
        model = load_model(name)
        assert report.n_fitted <= MOST_FITTED * report.n_entries
        kernel = matern(model.anchors, model.anchors)
        vectors = np.linalg.eigh(kernel)[1]
        # the weights lie in the span of so many directions
        inside = np.abs(vectors.T @ model.weights)[::-1]
        assert inside[report.n_fitted :].max() < 1e-4 * inside.max()


def test_a_damaged_file_is_told(monkeypatch):
    monkeypatch.setattr("evonasc.assets.Assets.read", lambda self, file: b"nothing")
    sharing_reports.cache_clear()
    with pytest.raises(AssetError, match="is no weight file"):
        sharing_reports()
    sharing_reports.cache_clear()


# Against the measurements


@pytest.mark.parametrize("name", BLOCKS)
def test_shipped_models_are_as_far_from_the_entries_as_they_say(name, table):
    for of, values, is_given in (
        ("time", table.times_ms, table.has_time),
        ("energy", table.energies_mj, table.has_energy),
    ):
        if of == "energy" and not HARDWARE[name].has_energy:
            continue
        given = is_given(name)
        entries = [entry for entry, one in zip(table.entries, given, strict=True) if one]
        predicted = load_model(name, of=of).of_entries(entries)
        errors = np.abs(predicted / values[name][given] - 1)
        report = entry_report(name, of=of)
        assert len(entries) == report.n_entries
        assert errors.mean() == pytest.approx(report.mean_error, abs=1e-5)
        assert errors.max() == pytest.approx(report.max_error, abs=1e-4)
        # 1 %; where that would take a copy of the table, what two numbers for three entries give
        assert errors.mean() < (0.03 if name in ("raspi4", "edgegpu") else 0.01)
        assert report.n_fitted <= MOST_FITTED * report.n_entries


@pytest.mark.parametrize("name", BLOCKS)
def test_sums_are_within_two_percent_of_whole_networks(name, table, networks):
    operations, times_ms = networks
    predicted, published = measured_sums(load_model(name), table, name, operations)
    if HARDWARE[name].column:
        np.testing.assert_allclose(published, times_ms[HARDWARE[name].column])
    errors = np.abs(predicted / published - 1)
    assert errors.mean() == pytest.approx(fit_report(name).mape, abs=1e-5)
    assert errors.mean() <= 0.02
    if name != "fpga":  # whose published sums lack what was not simulated
        np.testing.assert_allclose(KNOWN[name].total_ms(operations), predicted)


@pytest.mark.parametrize("name", SERVERS)
def test_servers_are_as_far_from_networks_as_they_say(name, networks):
    operations, times_ms = networks
    measured = times_ms[HARDWARE[name].column] / HARDWARE[name].batch
    errors = np.abs(KNOWN[name].total_ms(operations) / measured - 1)
    assert errors.mean() == pytest.approx(fit_report(name).mape, rel=0.15)


@pytest.mark.parametrize("name", ALL_K3_E1)
def test_shipped_fits_give_the_published_sums_within_their_error(name, table):
    model, worst = load_model(name), fit_report(name).max_error
    for operations, known in ((K3_E1, ALL_K3_E1), (K5_E6, ALL_K5_E6)):
        predicted, published = measured_sums(model, table, name, operations)
        assert predicted[0] == pytest.approx(published[0], rel=max(worst, 1e-9))
        if name in known:
            assert round(float(published[0]), 2) == known[name]


def test_times_that_were_not_simulated_are_estimated_and_never_0(table):
    searched, fixed = published_blocks(table, "fpga")
    assert (fixed == 0).all()
    assert (searched[:, -1] == 0).all()
    # so the machine takes longer than the published sum, by what it estimates
    blocks = np.diff(KNOWN["fpga"].head_table_ms(K3_E1), axis=1)[0]
    assert (blocks > 0).all()
    assert blocks[1:23].sum() == pytest.approx(10.74, abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pixel3", "fpga"])
def test_a_fit_gives_what_ships(name, table):
    from evonasc.fbnet.machines.fitting import fit_blocks

    model, report = fit_blocks(HARDWARE[name], table, of="time")
    assert report.n_fitted == entry_report(name).n_fitted
    np.testing.assert_allclose(
        model.of_entries(ALL_ENTRIES), load_model(name).of_entries(ALL_ENTRIES), rtol=1e-3
    )


# Tables that users bring


def test_a_csv_file_and_the_benchmark_s_pickle_are_one_table(tmp_path, rng):
    columns = made_up(rng)
    of_csv = read_entry_table(write_csv(tmp_path / "t.csv", columns))
    of_pickle = read_entry_table(write_pickle(tmp_path / "t.pickle", columns))
    assert of_csv.entries == of_pickle.entries
    for name in TIMED:
        np.testing.assert_array_equal(of_csv.times_ms[name], of_pickle.times_ms[name])
        expected = [columns[f"{name}_ms"][entry.name] for entry in of_csv.entries]
        np.testing.assert_array_equal(of_csv.times_ms[name], expected)
    for name in WITH_ENERGY:
        np.testing.assert_array_equal(of_csv.energies_mj[name], of_pickle.energies_mj[name])


def test_imported_machines_are_sums_of_the_table(tmp_path, rng):
    columns = made_up(rng)
    made = import_machines(write_pickle(tmp_path / "t.pickle", columns), tmp_path / "machines")
    assert [path.name for path, _ in made] == [f"{name}_table.npz" for name in TIMED]
    operations = rng.integers(0, 9, (5, 22))
    for name, (path, _) in zip(TIMED, made, strict=True):
        machine = machine_of(str(path), space=SPACE, known=BENCHMARK.machines)
        times = columns[f"{name}_ms"]
        expected = [
            sum(times[row[op].name] for row, op in zip(searched_entries(), network, strict=True))
            + sum(times[entry.name] for entry in fixed_entries())
            for network in operations.tolist()
        ]
        np.testing.assert_allclose(machine.total_ms(operations), expected, rtol=1e-12)
        assert machine.kind == "imported"
        assert machine.mean_error is None
        assert "as published" in machine.provenance
        assert machine.power_mw == KNOWN[name].power_mw
        assert machine.idle_power_mw == KNOWN[name].idle_power_mw
        energies = machine.head_energy_table_mj(operations)
        if name not in WITH_ENERGY:
            assert energies is None
            continue
        of = columns[f"{name}_mj"]
        first = of[fixed_entries()[0].name] + of[searched_entries()[0][operations[0, 0]].name]
        assert energies[0, 2] == pytest.approx(first)
        assert machine.energy_provenance == f"by energies of blocks, as published, of {name}_table"


def test_what_a_table_does_not_give_is_estimated_and_said(tmp_path, rng):
    columns = made_up(rng)
    identity, stem = "Skip_H32_W32_Cin16_Cout16_stride1", fixed_entries()[0].name
    columns["fpga_ms"][stem] = columns["fpga_ms"][identity] = 0.0
    made = dict(import_machines(write_csv(tmp_path / "t.csv", columns), tmp_path / "machines"))
    path = tmp_path / "machines" / "fpga_table.npz"
    assert made[path].endswith("1 of its times are not given there and are estimated")
    machine = machine_of(str(path), space=SPACE, known=BENCHMARK.machines)
    assert machine.provenance.endswith("are not given there and are estimated")
    heads = machine.head_table_ms(SKIP)[0]
    assert heads[1] == pytest.approx(load_model("fpga").of_entries(fixed_entries()[:1])[0])
    assert heads[2] == heads[1]  # an identity takes nothing where the table says so


def test_the_published_table_gives_the_exact_sums(shared_data, tmp_path):
    """HW-NAS-Bench's own figures, as precise as they are printed."""
    import_machines(shared_data / "fbnet_blocks.csv", tmp_path)
    for name, expected in ALL_K3_E1.items():
        path = tmp_path / f"{name}_table.npz"
        machine = machine_of(str(path), space=SPACE, known=BENCHMARK.machines)
        blocks = np.diff(machine.head_table_ms(K3_E1), axis=1)[0]
        # the FPGA's stem and last blocks are estimated here, and 0 there
        published = blocks[1:23].sum() if name == "fpga" else machine.total_ms(K3_E1)[0]
        assert round(float(published), 2) == expected
        if name in ALL_K5_E6:
            assert round(float(machine.total_ms(K5_E6)[0]), 2) == ALL_K5_E6[name]


def test_the_published_table_gives_the_measured_networks(shared_data, networks, tmp_path):
    operations, times_ms = networks
    import_machines(shared_data / "fbnet_blocks.csv", tmp_path)
    for name in ("raspi4", "pixel3", "eyeriss"):
        path = tmp_path / f"{name}_table.npz"
        machine = machine_of(str(path), space=SPACE, known=BENCHMARK.machines)
        np.testing.assert_allclose(
            machine.total_ms(operations), times_ms[f"latency_ms_{name}"], rtol=1e-12
        )


class _Caller:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "value",
    [
        _Caller(print, "run"),
        _Caller(eval, "1"),
        _Caller(np.load, "file"),
        _Caller(itertools.repeat, 1),
        {"fbnet": _Caller(exec, "1")},
    ],
)
def test_a_pickle_that_asks_for_code_is_refused(value, capsys):
    with pytest.raises(ValueError, match="it asks for "):
        plain_pickle(pickle.dumps(value, protocol=2))
    assert capsys.readouterr().out == ""


def test_plain_values_are_read_and_arrays_passed_over():
    values = {
        "numbers": [1, 2.5, np.float64(0.1), np.float32(0.5), np.int64(-3)],
        "text": "a",
        "array": np.arange(5),
        "objects": np.array([{}, None], dtype=object),
    }
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        found = plain_pickle(pickle.dumps(values, protocol=protocol))
        assert found["numbers"] == [1, 2.5, 0.1, 0.5, -3]
        assert [type(one) for one in found["numbers"]] == [int, float, float, float, int]
        assert found["text"] == "a"
        assert not isinstance(found["array"], np.ndarray)


@pytest.mark.parametrize("cut", [0, 1, 5, 50])
def test_a_pickle_that_breaks_off_is_refused(cut):
    with pytest.raises(ValueError, match="no pickle of plain values"):
        plain_pickle(pickle.dumps({"a": np.float64(1)})[:cut])


def with_column(columns, name, change):
    return {**columns, name: change(dict(columns[name]))}


def renamed(values, old, new):
    return {(new if name == old else name): value for name, value in values.items()}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: {k: v for k, v in c.items() if k != "fpga_mj"}, "fpga_"),
        (
            lambda c: with_column(c, "fpga_ms", lambda v: v | {next(iter(v)): -1.0}),
            "at least 0|finite",
        ),
        (lambda c: {k: renamed(v, next(iter(v)), "Skip_9") for k, v in c.items()}, "is no entry"),
        (
            lambda c: {k: renamed(v, "FC_Cin1504_Cout100", "FC_Cin7_Cout7") for k, v in c.items()},
            "must have all entries",
        ),
        (lambda c: {k: {} for k in c}, "got no entry"),
    ],
    ids=["column", "negative", "name", "incomplete", "empty"],
)
@pytest.mark.parametrize("write", [write_csv, write_pickle])
def test_a_table_that_cannot_be_is_refused(write, spoil, message, tmp_path, rng):
    path = write(tmp_path / "table", spoil(made_up(rng)))
    with pytest.raises(DataFileError, match=message):
        import_machines(path, tmp_path / "machines")
    assert not (tmp_path / "machines").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must have the columns entry"),
        (b"\x80", "must be HW-NAS-Bench"),
        (pickle.dumps(7), "must be HW-NAS-Bench"),
        (pickle.dumps({"fbnet": {"raspi4_latency": 3}}), "must be HW-NAS-Bench"),
        (b"\xff\xfe", "Cannot read the table"),
        (b"entry,raspi4_ms\nSkip,1\n", "must have the columns entry"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content, message, tmp_path):
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(DataFileError, match=message):
        read_entry_table(tmp_path / "t")


# Their files


@pytest.fixture
def record(rng):
    return BlockRecord(
        name="mine",
        description="made up",
        space="fbnet",
        searched_ms=rng.uniform(0, 1, (22, 9)),
        fixed_ms=np.r_[1.0, np.zeros(22), 1.0, 2.0, 3.0],
        block_of_gene=np.arange(1, 23),
        power_mw=5.0,
        idle_power_mw=2.0,
    )


def test_a_machine_s_file_is_read_back(tmp_path, record):
    write_block_record(tmp_path / "m.npz", record)
    found, digest = read_block_record(tmp_path / "m.npz")
    np.testing.assert_array_equal(found.searched_ms, record.searched_ms)
    assert (found.name, len(digest)) == ("mine", 64)
    assert (found.power_mw, found.idle_power_mw) == (5.0, 2.0)
    machine = machine_of(str(tmp_path / "m.npz"), space=SPACE, known=BENCHMARK.machines)
    expected = record.fixed_ms.sum() + record.searched_ms[:, 8].sum()
    assert machine.total_ms(SKIP)[0] == pytest.approx(expected)
    assert machine.digest == digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"searched_ms": np.full((22, 9), -1.0)}, "a time is negative"),
        ({"searched_ms": np.full((22, 9), np.nan)}, "a time is negative or no number"),
        ({"searched_ms": np.zeros(9)}, "have another shape"),
        ({"fixed_ms": np.zeros(26)}, "take no time"),
        ({"fixed_mj": np.zeros(26)}, "energies have another shape"),
        (
            {"fixed_mj": np.full(26, np.inf), "searched_mj": np.zeros((22, 9))},
            "an energy is negative or no number",
        ),
        ({"block_of_gene": np.zeros(22, dtype=int)}, "decide no blocks"),
        ({"block_of_gene": np.arange(1, 23) + 0.5}, "decide no blocks"),
        ({"block_of_gene": np.arange(10, 32)}, "decide no blocks"),
        ({"power_mw": -1.0}, "power is not positive"),
        ({"idle_power_mw": -1.0}, "power is not positive"),
        ({"name": "../up"}, "it has the name"),
        ({"description": "two\nlines"}, "no line of words"),
    ],
)
def test_a_machine_s_file_that_cannot_be_is_refused(change, message, tmp_path, record):
    write_block_record(tmp_path / "m.npz", replace(record, **change))
    with pytest.raises(DataFileError, match=message):
        read_block_record(tmp_path / "m.npz")


def test_a_machine_of_another_space_or_version_or_of_a_known_name_is_refused(tmp_path, record):
    def resolve(**change):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.npz"
        write_block_record(path, replace(record, **change))
        return machine_of(str(path), space=SPACE, known=BENCHMARK.machines)

    with pytest.raises(ConfigError, match="must have times of blocks of the space 'fbnet'"):
        resolve(space="nasbench201")
    with pytest.raises(ConfigError, match="22 x 9 choices and 26 blocks for this version"):
        resolve(searched_ms=np.ones((22, 8)))
    with pytest.raises(DataFileError, match="must differ from those evonasc knows"):
        resolve(name="raspi4")


def test_other_files_are_left_to_other_readers(tmp_path):
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "other.npz", format=np.array("another"))
    assert not is_block_record(tmp_path / "text.npz")
    assert not is_block_record(tmp_path / "other.npz")
    assert not is_block_record(tmp_path / "absent.npz")
    with pytest.raises(DataFileError, match="its format is another"):
        read_block_record(tmp_path / "other.npz")


# The command


def test_a_table_is_imported_by_one_command(tmp_path, rng, capsys):
    source = write_csv(tmp_path / "t.csv", made_up(rng))
    words = ["hardware", "import", str(source), "--space", "fbnet", "--out", str(tmp_path / "m")]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert f"Wrote {tmp_path / 'm' / 'raspi4_table.npz'}" in shown
    assert "evonasc run --space fbnet --head-hardware" in shown
    assert len(list((tmp_path / "m").iterdir())) == len(TIMED)
    (tmp_path / "m" / "edgegpu_table.npz").unlink()
    assert main(words) == 2
    assert "exists already. Choose another --out" in capsys.readouterr().err
    assert len(list((tmp_path / "m").iterdir())) == len(TIMED) - 1


@pytest.mark.parametrize(
    ("space", "message"),
    [("fbnet", "Cannot read the table of FBNet blocks"), ("nasbench201", "has no tool for")],
)
def test_what_cannot_be_imported_is_told_in_one_line(space, message, tmp_path, capsys):
    out = tmp_path / "m"
    words = ["hardware", "import", str(tmp_path / "absent"), "--space", space, "--out", str(out)]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not out.exists()
