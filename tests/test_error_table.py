import csv

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.errors import DataFileError, EvaluationError
from evonasc.nasbench201.cells import (
    all_cells,
    arch_strings,
    canonical_cells,
    canonical_connected_cells,
    cell_number,
    is_connected,
)
from evonasc.nasbench201.space import NasBench201
from evonasc.space import DesignSpace
from evonasc.supernet.error_table import ErrorTable, read_error_table

SPACE = NasBench201()

CELLS = canonical_connected_cells()
ERRORS = np.linspace(0.05, 0.9, len(CELLS))


def write(path, cells, errors, header=("arch_str", "error")):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(zip(arch_strings(cells), errors, strict=True))
    return path


def test_a_table_of_the_canonical_networks_gives_their_errors(tmp_path):
    table = read_error_table(write(tmp_path / "t.csv", CELLS, ERRORS), space=SPACE)
    np.testing.assert_allclose(table.of_networks(CELLS), ERRORS)
    assert np.isfinite(table.of_networks(all_cells())).sum() == len(CELLS)


def test_spellings_of_a_network_are_averaged(tmp_path):
    """All 15,625 cells, each with an error of its own; the disconnected ones with none."""
    cells = all_cells()
    errors = np.random.default_rng(0).random(len(cells))
    texts = [
        "" if not path else repr(e)
        for path, e in zip(is_connected(cells), errors.tolist(), strict=True)
    ]
    table = read_error_table(write(tmp_path / "t.csv", cells, texts), space=SPACE)
    canonical = cell_number(canonical_cells(cells))
    for cell, number in zip(CELLS[::400], cell_number(CELLS)[::400], strict=True):
        assert table.of_networks(cell[None]) == pytest.approx(errors[canonical == number].mean())


def test_what_evonasc_writes_it_reads(tmp_path, capsys):
    path = tmp_path / "t.csv"
    assert main(["supernet", "errors", "--out", str(path)]) == 0
    assert np.isfinite(read_error_table(path, space=SPACE).of_networks(CELLS)).all()


def test_missing_networks_are_counted_when_the_table_is_read(tmp_path):
    path = write(tmp_path / "t.csv", CELLS[3:], ERRORS[3:])
    with pytest.raises(DataFileError, match="error of all 5424 networks, 3 are missing"):
        ErrorTable(path, space=SPACE)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("|nonsense|,0.1", "line 2: A cell must read"),
        (f"{arch_strings(CELLS[:1])[0]},", r"line 2: error must be a fraction in \[0, 1\], got ''"),
        (
            f"{arch_strings(CELLS[:1])[0]}",
            r"line 2: a row must have 2 fields as the header has, got 1",
        ),
        (f"{arch_strings(CELLS[:1])[0]},6.5", r"line 2: error must be a fraction .* got '6.5'"),
        (f"{arch_strings(CELLS[:1])[0]},nan", r"line 2: error must be a fraction .* got 'nan'"),
    ],
)
def test_rows_that_are_none_are_named(row, message, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"arch_str,error\n{row}\n")
    with pytest.raises(DataFileError, match=message):
        read_error_table(path, space=SPACE)


def test_files_that_are_no_table_are_refused(tmp_path):
    with pytest.raises(DataFileError, match="Cannot read the accuracy table"):
        read_error_table(tmp_path / "none.csv", space=SPACE)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(DataFileError, match="Cannot read the accuracy table"):
        read_error_table(tmp_path / "binary.csv", space=SPACE)
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataFileError, match="must have the columns arch_str, error, got none"):
        read_error_table(tmp_path / "empty.csv", space=SPACE)
    path = write(tmp_path / "t.csv", CELLS, ERRORS, header=("arch_str", "accuracy"))
    with pytest.raises(DataFileError, match="must have the columns .* got arch_str, accuracy"):
        read_error_table(path, space=SPACE)


def test_errors_are_looked_up_by_network(tmp_path):
    source = ErrorTable(write(tmp_path / "t.csv", CELLS, ERRORS), space=SPACE)
    designs = DesignSpace(
        NasBench201(), (8,), lambda cells, bits: np.ones((*bits.shape, 20), dtype=bool)
    )
    genes = np.concatenate([CELLS[:5], np.full((5, 1), 3)], axis=1)
    np.testing.assert_allclose(source.error(genes, designs=designs), ERRORS[:5])
    with pytest.raises(
        EvaluationError, match=r"The table of errors must hold .* it lacks \|none~0\|"
    ):
        source.error(np.array([[0, 0, 0, 0, 0, 0, 3]]), designs=designs)
    assert source.provenance == "error: the user's table t.csv."


def test_a_runes_the_users_table(tmp_path, capsys):
    path = write(tmp_path / "t.csv", CELLS, ERRORS)
    run = ["run", "--algo", "random", "--budget", "30", "--accuracy", "table", "--no-plot"]
    out = str(tmp_path / "r")
    assert main([*run, "--accuracy-table", str(path), "--out", out]) == 0
    capsys.readouterr()
    assert main(["show", out, "--provenance"]) == 0
    assert "the user's table t.csv" in " ".join(capsys.readouterr().out.split())
    assert main([*run, "--out", str(tmp_path / "none")]) == 2
    assert "Give --accuracy table --accuracy-table FILE.csv" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
