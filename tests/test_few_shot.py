"""A split gene: one supernet for each of its operations, trained and scored from the commands."""

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.errors import ConfigError
from evonasc.nasbench201.cells import OPERATIONS, canonical_connected_cells
from evonasc.nasbench201.errors.supernet_scores import SupernetScores
from evonasc.nasbench201.space import NasBench201
from evonasc.nasbench201.supernet import FAMILY
from evonasc.supernet.checkpoint import load_checkpoint, save_checkpoint
from evonasc.supernet.held_out import scoring_images
from evonasc.supernet.network_list import networks_digest, parts_of_gene
from evonasc.supernet.score_table import read_scores
from evonasc.supernet.scoring import score_networks
from evonasc.supernet.weights import read_supernet

SPACE = NasBench201()

CELLS = canonical_connected_cells()
EDGE = 4
TRAIN = ["supernet", "train", "--data", "digits", "--size", "channels=2", "--batch-size", "64"]
N_IMAGES = 8


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return the folder of a supernet and that of its few-shot supernets."""
    folder = tmp_path_factory.mktemp("few")
    assert main([*TRAIN, "--epochs", "1", "--out", str(folder / "one")]) == 0
    assert main(split(folder, epochs=1)) == 0
    return folder / "one", folder / "few"


def split(folder, *, epochs, out="few"):
    start = folder / "one" / "checkpoint.safetensors"
    given = ["--start", str(start), "--split-edge", str(EDGE), "--seed", "1"]
    return [*TRAIN, "--epochs", str(epochs), *given, "--out", str(folder / out)]


def test_the_parts_are_all_networks_each_once():
    parts = parts_of_gene(EDGE, family=FAMILY)
    assert tuple(parts) == OPERATIONS
    together = np.concatenate(list(parts.values()))
    assert networks_digest(together, space=SPACE) == networks_digest(CELLS, space=SPACE)
    assert len(together) == len(CELLS)
    assert all((cells[:, EDGE] == gene).all() for gene, cells in enumerate(parts.values()))


@pytest.mark.parametrize("gene", [-1, 6])
def test_only_genes_can_be_split(gene):
    with pytest.raises(ConfigError, match=rf"The gene to split must lie in \[0, 5\], got {gene}"):
        parts_of_gene(gene, family=FAMILY)


@pytest.mark.slow
def test_each_part_has_weights_of_its_own_from_one_start(folders):
    one, few = folders
    start = read_supernet(one / "checkpoint.safetensors", family=FAMILY)
    found = [
        read_supernet(few / name / "checkpoint.safetensors", family=FAMILY) for name in OPERATIONS
    ]
    assert {trained.training["start"] for trained in found} == {start.digest}
    assert {trained.split_seed for trained in found} == {0}  # the start's, not that of --seed
    assert len({trained.digest for trained in found}) == len(OPERATIONS)
    assert all((few / name / "curve.png").exists() for name in OPERATIONS)


@pytest.mark.slow
def test_every_network_is_scored_by_the_supernet_of_its_part(folders, tmp_path, capsys):
    _, few = folders
    out = tmp_path / "scores.npz"
    command = ["supernet", "score", "--weights", str(few), "--images", str(N_IMAGES)]
    assert main([*command, "--out", str(out)]) == 0
    scores = read_scores(out, space=SPACE)
    assert np.array_equal(scores.networks, CELLS)
    assert scores.is_complete
    assert [path.name for path in tmp_path.iterdir()] == ["scores.npz"]
    for name, cells in parts_of_gene(EDGE, family=FAMILY).items():
        trained = read_supernet(few / name / "checkpoint.safetensors", family=FAMILY)
        rows = np.flatnonzero(scores.networks[:, EDGE] == cells[0, EDGE])[:3]
        images = scoring_images(trained, None, n_images=N_IMAGES)
        loss, n_right = score_networks(trained.supernet, scores.networks[rows], images)
        np.testing.assert_allclose(scores.loss[rows], loss, rtol=1e-6)
        assert scores.n_right[rows].tolist() == n_right.tolist()
    assert SupernetScores(scores).provenance.startswith("error: few-shot supernets trained by")
    before = out.read_bytes()
    assert main([*command, "--out", str(out)]) == 0  # all is there
    assert out.read_bytes() == before
    capsys.readouterr()
    assert main([*command[:-1], "9", "--out", str(out)]) == 2
    assert "belongs to other weights or images" in capsys.readouterr().err
    assert out.read_bytes() == before


@pytest.mark.slow
def test_a_training_of_parts_goes_on_with_the_part_it_stopped_in(folders, tmp_path, capsys):
    one, few = folders
    (tmp_path / "one").symlink_to(one)
    command = split(tmp_path, epochs=1, out="again")
    assert main(command) == 0
    stopped = tmp_path / "again" / OPERATIONS[3]
    kept = (few / OPERATIONS[3] / "checkpoint.safetensors").read_bytes()
    for path in stopped.iterdir():  # as if the part had not begun
        path.unlink()
    capsys.readouterr()
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "nor_conv_3x3, epoch 1/1" in said
    assert "skip_connect, epoch" not in said
    weights = read_supernet(stopped / "checkpoint.safetensors", family=FAMILY).digest
    (tmp_path / "w").write_bytes(kept)
    assert weights == read_supernet(tmp_path / "w", family=FAMILY).digest


@pytest.mark.parametrize(
    "options",
    [["--split-edge", "0"], ["--split-edge", "0", "--start", "w", "--networks", "n.csv"]],
)
def test_a_split_needs_a_start_and_no_choice(tmp_path, capsys, options):
    assert main([*TRAIN, *options, "--out", str(tmp_path / "x")]) == 2
    assert "--split-edge needs --start, and chooses the networks" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_supernets_of_other_networks_are_no_split_edge(folders, tmp_path, capsys):
    one, _ = folders
    for name in OPERATIONS:
        (tmp_path / "x" / name).mkdir(parents=True)
        (tmp_path / "x" / name / "checkpoint.safetensors").symlink_to(
            one / "checkpoint.safetensors"
        )
    out = ["--out", str(tmp_path / "s.npz")]
    assert main(["supernet", "score", "--weights", str(tmp_path / "x"), *out]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "one supernet for each operation of one gene" in said


def altered(few, folder, *, every=None, **values):
    """Copy the few-shot supernets, the last one with another training in its header.

    With ``every``, all of them with those.
    """
    for name in OPERATIONS:
        (folder / name).mkdir(parents=True)
        checkpoint = load_checkpoint(few / name / "checkpoint.safetensors")
        checkpoint.header["config"] |= every or {}
        if name == OPERATIONS[-1]:
            checkpoint.header["config"] = {**checkpoint.header["config"], **values}
        save_checkpoint(folder / name / "checkpoint.safetensors", checkpoint)
    return ["supernet", "score", "--weights", str(folder), "--out", str(folder / "s.npz")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "said"),
    [({"epochs": 2}, "must have all of its 2 epochs, got 1"), ({"split": 3}, "trained alike")],
)
def test_parts_must_be_finished_and_of_one_training(folders, tmp_path, capsys, values, said):
    """Or each would be scored on images of its own."""
    assert main(altered(folders[1], tmp_path / "x", **values)) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.glob("x/*.npz"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({"data": "folder:moved"}, "must be those that the supernet was trained and held out on"),
        ({"images": "others"}, "must hold supernets that were trained on the same images"),
    ],
)
def test_parts_are_of_one_training_if_their_images_are(folders, tmp_path, capsys, last, said):
    """Wherever these lay; here they are none of digits, which is said of the first part."""
    assert main(altered(folders[1], tmp_path / "x", every={"images": "some"}, **last)) == 2
    assert said in " ".join(capsys.readouterr().err.split())
