"""A choice of networks: read from a file, trained on, scored, and written by ``scores --best``."""

import csv

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.errors import DataFileError
from evonasc.nasbench201.cells import arch_strings, canonical_connected_cells, respelled_cells
from evonasc.nasbench201.space import NasBench201
from evonasc.supernet.network_list import networks_digest, read_networks
from evonasc.supernet.score_table import ScoreTable, encode_scores

SPACE = NasBench201()

CELLS = canonical_connected_cells()
DISCONNECTED = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def write(path, texts, header="arch_str"):
    path.write_text("\n".join([header, *texts]) + "\n", encoding="utf-8")
    return path


def test_spellings_and_repeats_are_one_network_in_the_order_of_all(tmp_path):
    chosen = CELLS[[900, 7, 3000]]
    other = respelled_cells(chosen, rng=np.random.default_rng(0))
    texts = arch_strings(np.concatenate([chosen, other, chosen[:1]]))
    found = read_networks(write(tmp_path / "n.csv", texts), space=SPACE)
    assert found.tolist() == CELLS[[7, 900, 3000]].tolist()


def test_a_digest_names_a_set_of_networks():
    assert networks_digest(CELLS[[1, 2]], space=SPACE) == networks_digest(
        CELLS[[2, 1, 2]], space=SPACE
    )
    assert networks_digest(CELLS[[1, 2]], space=SPACE) != networks_digest(
        CELLS[[1, 3]], space=SPACE
    )


@pytest.mark.parametrize(
    ("texts", "header", "said"),
    [
        ([arch_strings(CELLS[:1])[0]], "network", "must have the column arch_str, got network"),
        (["|nor_conv_9x9~0|"], "arch_str", "line 2: "),
        ([DISCONNECTED] * 2, "arch_str", "line 2: the network must have a path"),
        (arch_strings(CELLS[[4, 4]]), "arch_str", "at least 2 different networks, got 1"),
    ],
)
def test_what_names_no_networks_is_refused(tmp_path, texts, header, said):
    with pytest.raises(DataFileError, match=said):
        read_networks(write(tmp_path / "n.csv", texts, header), space=SPACE)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataFileError, match=r"Cannot read the list of networks .*n\.csv"):
        read_networks(tmp_path / "n.csv", space=SPACE)


def test_the_best_networks_are_written_best_first_and_read_again(tmp_path):
    best, everything = tmp_path / "best.csv", tmp_path / "all.csv"
    assert main(["supernet", "errors", "--best", "40", "--out", str(best)]) == 0
    assert main(["supernet", "errors", "--out", str(everything)]) == 0
    with best.open() as file:
        errors = [float(row["error"]) for row in csv.DictReader(file)]
    with everything.open() as file:
        of_all = {float(row["error"]) for row in csv.DictReader(file) if row["error"]}
    assert errors == sorted(of_all)[:40]
    assert len(read_networks(best, space=SPACE)) == 40


@pytest.mark.parametrize("number", ["0", "5425"])
def test_no_more_networks_than_there_are(tmp_path, capsys, number):
    out = tmp_path / "best.csv"
    assert main(["supernet", "errors", "--best", number, "--out", str(out)]) == 2
    assert f"--best must lie in [1, 5424], got {number}" in capsys.readouterr().err
    assert not out.exists()


def test_scores_of_a_choice_cannot_be_searched(tmp_path, capsys):
    cells = CELLS[:50]
    made = ScoreTable(
        cells,
        np.ones(50),
        np.ones(50, int),
        2,
        {"training": {"data": "mine"}, "networks": "x"},
        space=SPACE,
    )
    path = tmp_path / "choice.npz"
    path.write_bytes(encode_scores(made))
    assert main(["exact", "--scores", str(path)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "all 5424 networks, got 50. It is of chosen networks alone" in said
