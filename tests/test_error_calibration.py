"""The calibration by a handful of trained networks: what it reads, fits, promises and refuses."""

import csv
import json

import numpy as np
import pytest
from scipy.special import expit, logit

from evonasc.cli import main
from evonasc.errors import DataFileError
from evonasc.nasbench201.cells import arch_strings, canonical_connected_cells
from evonasc.nasbench201.errors.supernet_scores import SupernetScores
from evonasc.nasbench201.space import NasBench201
from evonasc.runs.config import ErrorChoice, RunConfig
from evonasc.runs.folder import read_config
from evonasc.runs.prepare import prepare
from evonasc.runs.run import run
from evonasc.search.config import SearchConfig
from evonasc.supernet.calibration import (
    TrainedCalibration,
    TrainedPairs,
    errors_of,
    read_calibration,
    read_pairs,
    source_digest,
    write_calibration,
)

SPACE = NasBench201()

CELLS = canonical_connected_cells()
# Networks with many and with few convolutions: both orders that ship tell them apart.
NETWORKS = CELLS[
    np.argsort(SupernetScores().errors.of_networks(CELLS))[[20, 1500, 3000, 4500, 5400]]
]
DISCONNECTED = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


class MadeUp:
    """An error that is known in closed form: by the sum of the genes."""

    provenance = "made up for tests."

    def __init__(self, shift=0.0):
        self.shift = shift

    def error(self, genes, *, designs):
        cells = designs.operations(genes)
        return 0.1 + self.shift + (cells @ np.array([1, 5, 25, 125, 625, 3125])) / 20000


def pairs_of(error, trained):
    return TrainedPairs(CELLS[: len(error)], np.array(error), np.array(trained), space=SPACE)


def write(path, texts, errors, header=("arch_str", "error")):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(zip(texts, errors, strict=True))
    return path


@pytest.fixture
def trained(tmp_path):
    """Trained errors on a line of the logit scale, with some noise, beside the scores' errors."""
    error = errors_of(SupernetScores(), NETWORKS, space=SPACE)
    noise = np.array([0.05, -0.08, 0.02, 0.06, -0.05])
    values = expit(-0.9 + 0.8 * logit(error) + noise)
    return write(tmp_path / "pairs.csv", arch_strings(NETWORKS), values)


def test_points_on_a_line_give_the_line_and_no_error_bar():
    error = np.array([0.1, 0.2, 0.4, 0.7])
    fitted = TrainedCalibration(pairs_of(error, expit(-1 + 0.5 * logit(error))))
    assert fitted.intercept == pytest.approx(-1)
    assert fitted.slope == pytest.approx(0.5)
    middle, low, high = fitted(np.array([0.05, 0.3]))
    # logit(0.05) = -2.944, so logit of the trained error is -2.472: 1 / (1 + e^2.472) = 0.0778
    assert middle[0] == pytest.approx(0.0778, abs=1e-4)
    np.testing.assert_allclose(low, middle, atol=1e-12)
    np.testing.assert_allclose(high, middle, atol=1e-12)
    assert fitted.left_out_error == pytest.approx(0, abs=1e-12)


def test_each_network_is_left_out_of_what_judges_it():
    """Of x = -1, 0, 1 with y = 0, 1, 0 the line without the middle is level at 0, and misses by 1.

    Without the first it falls from 1 to 0, so the best line that does not fall is level at 1/2.
    """
    fitted = TrainedCalibration(pairs_of(expit([-1.0, 0, 1]), expit([0.0, 1, 0.3])))
    # without the first: level at (1 + 0.3) / 2; the second: 0.15 + 0.15 x; the third: 1 + x
    expected = expit([0.65, 0.15, 2.0])
    np.testing.assert_allclose(fitted.left_out, expected)
    missed = expected - expit([0.0, 1, 0.3])
    assert fitted.left_out_error == pytest.approx(np.sqrt((missed**2).mean()))
    # Jackknife+ of three points: from the least line minus its miss to the largest plus its own.
    _, low, high = fitted(np.array([0.5]))
    assert logit(low[0]) == pytest.approx(min(0.65 - 0.65, 0.15 - 0.85, 1 - 1.7))
    assert logit(high[0]) == pytest.approx(max(0.65 + 0.65, 0.15 + 0.85, 1 + 1.7))


def test_nothing_falls_where_the_error_rises(rng):
    x = np.linspace(-2, 2, 7)
    fitted = TrainedCalibration(pairs_of(expit(x), expit(0.4 * x + rng.normal(0, 0.5, 7))))
    errors = np.linspace(0, 1, 500)
    middle, low, high = fitted(errors)
    assert (np.diff(middle) >= 0).all()
    assert (np.diff(middle[(errors > 0.001) & (errors < 0.999)]) > 0).all()
    assert (np.diff(low) >= -1e-15).all()
    assert (np.diff(high) >= -1e-15).all()
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert (low > 0).all()
    assert (high < 1).all()


def test_the_error_bar_holds_about_the_share_it_aims_at():
    """The jackknife+ promises a third at least and aims at two thirds."""
    rng = np.random.default_rng(3)
    n_held = 0
    for _ in range(400):
        x = rng.normal(0, 1, 9)
        y = 0.2 + 0.9 * x + rng.normal(0, 0.3, 9)
        fitted = TrainedCalibration(pairs_of(expit(x[:8]), expit(y[:8])))
        _, low, high = fitted(expit(x[8:]))
        n_held += int(low[0] <= expit(y[8]) <= high[0])
    assert 0.58 < n_held / 400 < 0.78


def test_bars_are_wider_far_from_the_trained_networks():
    x, noise = np.array([-0.5, -0.2, 0.1, 0.4]), np.array([0.1, -0.1, 0.12, -0.05])
    fitted = TrainedCalibration(pairs_of(expit(x), expit(x + noise)))
    _, low, high = (logit(values) for values in fitted(expit(np.array([0.0, 3.0]))))
    assert high[1] - low[1] > 2 * (high[0] - low[0])


@pytest.mark.parametrize(
    ("error", "trained", "message"),
    [
        ([0.1, 0.2, 0.3], [0.3, 0.2, 0.1], "must rise with the run's error, got a slope of -"),
        ([0.1, 0.2, 0.3], [0.2, 0.2, 0.2], "must rise with the run's error, got a slope of 0"),
        ([0.1, 0.1, 0.3], [0.1, 0.2, 0.3], "at least 3 different errors in the run, got 2"),
    ],
)
def test_networks_that_tell_no_rising_line_are_refused(error, trained, message):
    with pytest.raises(DataFileError, match=message):
        TrainedCalibration(pairs_of(error, trained))


def test_pairs_are_read_with_the_error_that_the_run_gives_them(tmp_path):
    errors = [0.08, 0.07, 0.1]
    cells = CELLS[[500, 7, 3000]]
    pairs = read_pairs(
        write(tmp_path / "p.csv", arch_strings(cells), errors), MadeUp(), space=SPACE
    )
    np.testing.assert_array_equal(pairs.trained_error, errors)
    np.testing.assert_array_equal(pairs.networks, cells)
    expected = 0.1 + (cells @ 5 ** np.arange(6)) / 20000
    np.testing.assert_allclose(pairs.error, expected)


GOOD = arch_strings(NETWORKS)


@pytest.mark.parametrize(
    ("texts", "errors", "message"),
    [
        (GOOD[:2], [0.1, 0.2], "must have at least 3 trained networks, got 2"),
        ([*GOOD[:3], GOOD[1]], [0.1, 0.2, 0.3, 0.2], "line 5: .* got that of line 3 again"),
        ([*GOOD[:3], "resnet"], [0.1, 0.2, 0.3, 0.2], "line 5: .*resnet"),
        ([*GOOD[:3], DISCONNECTED], [0.1, 0.2, 0.3, 0.2], "line 5: .* path from input to output"),
        (GOOD[:3], [0.1, "nan", 0.3], r"line 3: error must be a fraction in \[0, 1\], got 'nan'"),
        (GOOD[:3], [0.1, 0.2, 7.4], r"line 4: error must be a fraction in \[0, 1\], got '7.4'"),
        (GOOD[:3], [-0.1, 0.2, 0.3], r"line 2: error must be a fraction in \[0, 1\], got '-0.1'"),
        (GOOD[:3], ["", 0.2, 0.3], r"line 2: error must be a fraction in \[0, 1\], got ''"),
    ],
)
def test_rows_that_are_no_trained_network_are_refused(texts, errors, message, tmp_path):
    path = write(tmp_path / "p.csv", texts, errors)
    with pytest.raises(DataFileError, match=message):
        read_pairs(path, MadeUp(), space=SPACE)


def test_two_spellings_of_one_network_are_one_network(tmp_path):
    """An operation whose result nobody uses is another spelling, not another network."""
    alive = "|nor_conv_3x3~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|"
    dead = "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|"
    path = write(tmp_path / "p.csv", [alive, GOOD[0], dead], [0.1, 0.2, 0.3])
    with pytest.raises(DataFileError, match="line 4: a network must be given once"):
        read_pairs(path, MadeUp(), space=SPACE)


def test_missing_columns_and_files_are_refused(tmp_path):
    path = write(tmp_path / "p.csv", GOOD[:3], [0.1, 0.2, 0.3], header=("arch_str", "accuracy"))
    with pytest.raises(DataFileError, match="must have the columns arch_str, error, got arch_str"):
        read_pairs(path, MadeUp(), space=SPACE)
    with pytest.raises(DataFileError, match="Cannot read the table of trained networks"):
        read_pairs(tmp_path / "none.csv", MadeUp(), space=SPACE)


def test_a_calibration_reads_as_it_was_written(trained, tmp_path):
    source = SupernetScores()
    made = TrainedCalibration(read_pairs(trained, source, space=SPACE))
    write_calibration(tmp_path / "c.json", made, source)
    read = read_calibration(tmp_path / "c.json", source, space=SPACE)
    errors = np.linspace(0.1, 0.9, 20)
    np.testing.assert_allclose(read(errors), made(errors), rtol=1e-12)
    assert read.provenance == made.provenance


def test_a_calibration_of_another_source_is_refused(tmp_path):
    path = write(tmp_path / "p.csv", GOOD[:3], [0.3, 0.2, 0.1])
    source, other = MadeUp(), MadeUp(shift=1e-6)
    pairs = read_pairs(path, source, space=SPACE)
    write_calibration(tmp_path / "c.json", TrainedCalibration(pairs), source)
    assert source_digest(source, pairs) != source_digest(other, pairs)
    with pytest.raises(DataFileError, match="got one of another: made up for tests"):
        read_calibration(tmp_path / "c.json", other, space=SPACE)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("pairs"),
        lambda d: d.update(format=2),
        lambda d: d.update(pairs=d["pairs"][:2]),
        lambda d: d["pairs"][0].update(trained_error="many"),
        lambda d: d["pairs"][0].update(arch_str="none"),
        lambda d: d.update(pairs=None),
    ],
)
def test_a_damaged_calibration_is_refused(change, tmp_path):
    path = write(tmp_path / "p.csv", GOOD[:3], [0.3, 0.2, 0.1])
    source = MadeUp()
    write_calibration(
        tmp_path / "c.json", TrainedCalibration(read_pairs(path, source, space=SPACE)), source
    )
    document = json.loads((tmp_path / "c.json").read_text())
    change(document)
    (tmp_path / "c.json").write_text(json.dumps(document))
    with pytest.raises(DataFileError, match="is no calibration of evonasc"):
        read_calibration(tmp_path / "c.json", source, space=SPACE)


def test_a_calibration_nested_too_deeply_is_refused(tmp_path):
    (tmp_path / "c.json").write_text("[" * 200_000)
    with pytest.raises(DataFileError, match="its JSON is nested too deeply.*Make one with"):
        read_calibration(tmp_path / "c.json", MadeUp(), space=SPACE)


def test_a_calibrated_run_finds_the_same_front_and_shows_the_trained_errors(
    trained, tmp_path, capsys
):
    made, of_scores = tmp_path / "c.json", ["--accuracy", "supernet"]
    assert main(["supernet", "calibrate", str(trained), *of_scores, "--out", str(made)]) == 0
    said = capsys.readouterr().out
    assert "Each network left out in turn: +- " in said
    out = tmp_path / "run"
    command = ["run", "--budget", "150", "--no-plot", "--out", str(out)]
    assert main([*command, *of_scores, "--calibration", str(made)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "calibrated low high" in said
    assert main(["show", str(out), "--provenance"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "from 5 that the user trained" in said
    config = read_config(out)
    assert config.calibration == made
    plain = run(RunConfig(error=ErrorChoice("supernet"), search=SearchConfig(budget=150)))
    calibrated = run(config)
    np.testing.assert_array_equal(calibrated.genes, plain.genes)
    np.testing.assert_array_equal(calibrated.front_rows, plain.front_rows)
    np.testing.assert_array_equal(calibrated.exact.points, plain.exact.points)
    columns = calibrated.columns
    order = np.argsort(columns["error"], kind="stable")
    assert (np.diff(columns["error_calibrated"][order]) >= 0).all()
    assert (columns["error_calibrated_low"] < columns["error_calibrated"]).all()
    assert (columns["error_calibrated"] < columns["error_calibrated_high"]).all()
    rows = list(csv.DictReader((out / "front.csv").read_text().splitlines()))
    front = columns["error_calibrated"][calibrated.front_rows]
    np.testing.assert_array_equal([float(row["error_calibrated"]) for row in rows], front)
    assert main(["show", str(out)]) == 0
    assert "calibrated" in capsys.readouterr().out
    assert main(["pick", str(out)]) == 0


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ["run", "--quiet", "--calibration", "none.json"],
            "Cannot read the calibration none.json: No such file",
        ),
        (
            ["run", "--accuracy", "live", "--data-root", "d", "--calibration", "none.json"],
            "A calibration is for stored errors, got accuracy 'live'",
        ),
        (
            ["run", "--problem", "toy", "--calibration", "c"],
            "--calibration is not read by",
        ),
        (
            ["supernet", "calibrate", "none.csv"],
            "Cannot read the table of trained networks none.csv",
        ),
        (["supernet", "calibrate", "p", "--accuracy", "live"], "A calibration is for stored"),
        (["supernet", "calibrate", "p", "--accuracy", "table"], "need each other"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_in_one_line(
    command, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("evonasc: error: ")
    assert not list(tmp_path.iterdir())


def test_a_calibration_of_the_joined_order_is_not_one_of_the_scores(trained, tmp_path):
    made = tmp_path / "c.json"
    command = ["supernet", "calibrate", str(trained), "--accuracy", "joined", "--out", str(made)]
    assert main(command) == 0
    prepare(RunConfig(error=ErrorChoice("joined"), calibration=made))
    with pytest.raises(DataFileError, match="Calibrate again with this run's --accuracy"):
        prepare(RunConfig(error=ErrorChoice("supernet"), calibration=made))


def test_no_file_of_the_user_is_written_over(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = trained.read_bytes()
    command = ["supernet", "calibrate", str(trained), "--accuracy", "supernet"]
    assert main([*command, "--out", str(trained)]) == 2
    assert "--out must not be a file that is read" in capsys.readouterr().err
    assert trained.read_bytes() == before
    assert main(command) == 0
    first = (tmp_path / "calibration.json").read_bytes()
    assert main(command) == 2
    assert "calibration.json exists already" in capsys.readouterr().err
    assert (tmp_path / "calibration.json").read_bytes() == first
