"""A user's own supernet: trained, scored, searched, from the command line to the run folder."""

import csv
import json

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.data.datasets import DataSet, load_data
from evonasc.data.images import Images
from evonasc.errors import ConfigError, DataFileError
from evonasc.nasbench201.cells import arch_strings, canonical_connected_cells
from evonasc.nasbench201.errors.joined import JoinedOrder
from evonasc.nasbench201.errors.supernet_scores import ScoresOptions, SupernetScores
from evonasc.nasbench201.network import SupernetConfig, initialise
from evonasc.nasbench201.space import NasBench201
from evonasc.nasbench201.supernet import FAMILY
from evonasc.runs.config import ErrorChoice, RunConfig
from evonasc.runs.folder import read_config
from evonasc.runs.prepare import prepare
from evonasc.runs.run import run
from evonasc.search.config import SearchConfig
from evonasc.space import DesignSpace
from evonasc.supernet import held_out
from evonasc.supernet.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from evonasc.supernet.held_out import scoring_images
from evonasc.supernet.live import live_supernet
from evonasc.supernet.live_options import CotrainedOptions, LiveOptions
from evonasc.supernet.network_list import networks_digest, parts_of_gene
from evonasc.supernet.score_file import score_to_file
from evonasc.supernet.score_table import ScoreTable, encode_scores, read_all_scores, read_scores
from evonasc.supernet.scoring import score_networks
from evonasc.supernet.weights import read_supernet

SPACE = NasBench201()

CELLS = canonical_connected_cells()
N_IMAGES = 6


def noise(n, seed=0):
    rng = np.random.default_rng(seed)
    return Images(rng.integers(256, size=(n, 3, 8, 8)).astype(np.uint8), np.arange(n) % 3)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Weights of a small supernet, made-up scores of all networks by it, and its data set."""
    data = DataSet("folder:mine", 3, noise(20), noise(9, 1), noise(5, 2))
    monkeypatch.setattr(held_out, "load_data", lambda name, root, *, n_validation, seed: data)
    supernet = initialise(SupernetConfig(channels=4, n_classes=3), seed=5)
    training = {
        "supernet": {"channels": 4, "cells_per_stage": 1, "n_classes": 3},
        "data": "folder:mine",
        "n_validation": 9,
        "seed": 0,
    }
    tensors = {f"weight.{name}": w.detach() for name, w in supernet.named_parameters()}
    weights = tmp_path / "w.safetensors"
    save_checkpoint(weights, Checkpoint(tensors, {"config": training}))
    loss = np.random.default_rng(3).uniform(0.5, 2.0, len(CELLS))
    n_right = np.rint(N_IMAGES * np.exp(-loss)).astype(np.int64)
    header = {
        "training": training,
        "weights_sum": held_out.weights_sum(read_supernet(weights, family=FAMILY)),
    }
    made = ScoreTable(CELLS, loss, n_right, N_IMAGES, header, space=SPACE)
    scores = tmp_path / "s.npz"
    scores.write_bytes(encode_scores(made))
    return weights, scores, read_scores(scores, space=SPACE)  # as read: losses in single precision


@pytest.fixture
def designs():
    return DesignSpace(NasBench201(), (8,), lambda cells, bits: np.ones((*bits.shape, 20), bool))


def errors_of(live_source, designs, n=4):
    genes = np.concatenate([CELLS[:n], np.full((n, 1), 3)], axis=1)
    return live_source.error(genes, designs=designs)


def test_live_evaluation_shows_errors_on_own_images_as_they_are_measured(own, designs):
    weights, scores, _ = own
    source = live_supernet(LiveOptions(weights=weights, scores=scores), FAMILY)
    images = noise(9, 1).take(np.arange(N_IMAGES))
    trained = read_supernet(weights, family=FAMILY).supernet
    loss, n_right = score_networks(trained, CELLS[:4], images)
    errors, quick = (
        errors_of(source, designs),
        source.losses.mean(CELLS[:4]),
    )
    # other kernels round otherwise, and the scale is as steep as that of random weights
    np.testing.assert_allclose(quick, loss, atol=5e-3)
    np.testing.assert_allclose(errors, 1 - n_right / N_IMAGES, atol=1e-6)
    assert len(set(errors)) == len(set(quick))  # equal ones are ordered by loss
    assert "6 held-out training images of folder:mine" in source.provenance


def test_live_evaluation_without_scores_says_that_errors_are_measured(own, designs):
    weights, _, _ = own
    source = live_supernet(LiveOptions(weights=weights), FAMILY)
    assert "top-1 error as measured" in source.provenance
    steps = errors_of(source, designs) * 9
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-5)


def test_scores_of_other_weights_are_refused(own, tmp_path):
    weights, _, made = own
    header = {**made.header, "weights_sum": made.header["weights_sum"] + 0.01}
    other = ScoreTable(made.networks, made.loss, made.n_right, N_IMAGES, header, space=SPACE)
    (tmp_path / "other.npz").write_bytes(encode_scores(other))
    with pytest.raises(ConfigError, match="other.npz holds the scores of other weights"):
        live_supernet(LiveOptions(weights=weights, scores=tmp_path / "other.npz"), FAMILY)


def test_scores_without_weights_are_not_live(own):
    with pytest.raises(ConfigError, match="needs the supernet: --weights FILE"):
        live_supernet(LiveOptions(scores=own[1]), FAMILY)


def test_a_data_set_of_other_classes_is_refused(own, monkeypatch):
    four = DataSet("folder:mine", 4, noise(20), noise(9, 1), noise(5, 2))
    monkeypatch.setattr(held_out, "load_data", lambda name, root, *, n_validation, seed: four)
    with pytest.raises(ConfigError, match="must have the supernet's 3 classes, got 4"):
        scoring_images(read_supernet(own[0], family=FAMILY), None)


def retrained(weights, **values):
    """Say in a weight file that it was trained otherwise."""
    checkpoint = load_checkpoint(weights)
    checkpoint.header["config"].update(values)
    save_checkpoint(weights, checkpoint)


@pytest.mark.parametrize(("digest", "is_known"), [("one", True), ("two", False), (None, True)])
def test_only_the_images_of_the_training_are_scored_on(own, digest, is_known, monkeypatch):
    """An earlier version kept no digest: then any are."""
    data = DataSet("folder:mine", 3, noise(20), noise(9, 1), noise(5, 2), digest="one")
    monkeypatch.setattr(held_out, "load_data", lambda name, root, *, n_validation, seed: data)
    if digest is not None:
        retrained(own[0], images=digest)
    if is_known:
        assert len(scoring_images(read_supernet(own[0], family=FAMILY), None)) == 9
        return
    with pytest.raises(ConfigError, match="must be those that the supernet was trained and held"):
        scoring_images(read_supernet(own[0], family=FAMILY), None)
    with pytest.raises(ConfigError, match="train on the new ones into another folder"):
        live_supernet(LiveOptions(weights=own[0]), FAMILY)


def test_a_folder_that_is_gone_is_asked_for(own, tmp_path, monkeypatch):
    monkeypatch.setattr(held_out, "load_data", load_data)
    trained = read_supernet(own[0], family=FAMILY)
    with pytest.raises(
        DataFileError, match="in mine. Say where their folder lies now: --data-root"
    ):
        scoring_images(trained, None)
    with pytest.raises(DataFileError, match="in .*nowhere. Say where their folder lies now"):
        scoring_images(trained, tmp_path / "nowhere")
    with pytest.raises(DataFileError, match="must hold at least 2 sub-folders"):
        scoring_images(trained, tmp_path)


PART = parts_of_gene(2, family=FAMILY)["skip_connect"]


@pytest.mark.parametrize(
    ("networks", "remedy"),
    [(CELLS[[3, 5]], "supernet score --networks and the list"), (PART, "--weights FOLDER")],
)
def test_a_supernet_of_some_networks_runs_no_others(own, tmp_path, networks, remedy):
    retrained(own[0], networks=networks_digest(networks, space=SPACE))
    score = {"n_images": 2, "n_jobs": 1}
    for others in (None, CELLS[[3, 6]]):
        with pytest.raises(ConfigError, match=f"can run no other.*{remedy}"):
            score_to_file(own[0], None, tmp_path / "n.npz", **score, networks=others, family=FAMILY)
    assert not (tmp_path / "n.npz").exists()
    with pytest.raises(ConfigError, match=f"can run no other.*{remedy}"):
        live_supernet(LiveOptions(weights=own[0]), FAMILY)


def test_a_supernet_of_some_networks_scores_these(own, tmp_path):
    retrained(own[0], networks=networks_digest(CELLS[[3, 5]], space=SPACE))
    chosen = {"n_images": 2, "n_jobs": 1, "networks": CELLS[[5, 3]]}
    assert (
        len(score_to_file(own[0], None, tmp_path / "n.npz", **chosen, family=FAMILY).networks) == 2
    )


def test_a_supernet_of_all_networks_by_a_list_runs_all(own):
    retrained(own[0], networks=networks_digest(CELLS, space=SPACE))
    assert live_supernet(LiveOptions(weights=own[0]), FAMILY).losses.n_images == 9


def test_scores_on_few_images_say_how_coarse_they_are(own):
    assert "errors on 6 images are multiples of 1/6" in SupernetScores(own[2]).provenance
    assert (
        "errors on 6 images"
        in live_supernet(LiveOptions(weights=own[0], scores=own[1]), FAMILY).provenance
    )
    assert "multiples" not in SupernetScores().provenance  # 1,000 images


SCORE = ["supernet", "score", "--images", "1"]


def test_unfinished_weights_are_scored_with_a_warning(own, tmp_path, monkeypatch, capsys):
    few = CELLS[[1, 2]]
    names = "\n".join(["arch_str", *arch_strings(few)])
    (tmp_path / "few.csv").write_text(names)
    weights, out = str(own[0]), str(tmp_path / "o.npz")
    command = [*SCORE, "--weights", weights, "--networks", str(tmp_path / "few.csv"), "--out", out]
    assert main(command) == 0
    assert "Warning" not in capsys.readouterr().out  # half precision: no log
    checkpoint = load_checkpoint(own[0])
    line = {"epoch": 1, "train_loss": 1.0, "train_accuracy": 0.5, "learning_rate": 0.1}
    checkpoint.header["logs"] = [{**line, "held_out_error": 0.5, "seconds": 1.0}]
    checkpoint.header["config"]["epochs"] = 20
    save_checkpoint(own[0], checkpoint)
    assert main([*command[:-1], str(tmp_path / "p.npz")]) == 0
    assert "is trained 1 of 20 epochs" in " ".join(capsys.readouterr().out.split())
    checkpoint.header["config"]["epochs"] = 1
    save_checkpoint(own[0], checkpoint)
    assert main([*command[:-1], str(tmp_path / "q.npz")]) == 0
    assert "Warning" not in capsys.readouterr().out


@pytest.mark.parametrize("command", [SCORE, ["run", "--algo", "random"]])
def test_the_folder_of_a_training_is_no_weights_but_names_them(own, tmp_path, command, capsys):
    folder = tmp_path / "mine"
    folder.mkdir()
    given = [*command, "--weights", str(folder), "--out", str(tmp_path / "x")]
    assert main(given) == 2
    assert "Give the file in it" not in capsys.readouterr().err
    (folder / "checkpoint.safetensors").write_bytes(own[0].read_bytes())
    assert main(given) == 2
    said = "".join(capsys.readouterr().err.split())
    assert f"Givethefileinit:{folder}/checkpoint.safetensors" in said


def test_unfinished_scores_are_refused_before_a_search(own, tmp_path):
    made = own[2]
    part = ScoreTable(
        made.networks[:-1], made.loss[:-1], made.n_right[:-1], N_IMAGES, made.header, space=SPACE
    )
    (tmp_path / "part.npz").write_bytes(encode_scores(part))
    with pytest.raises(ConfigError, match="scores of all 5424 networks, got 5423"):
        read_all_scores(tmp_path / "part.npz", space=SPACE)


def test_scores_must_name_their_data(own, tmp_path):
    made = own[2]
    nameless = ScoreTable(
        made.networks, made.loss, made.n_right, N_IMAGES, {"training": {}}, space=SPACE
    )
    (tmp_path / "n.npz").write_bytes(encode_scores(nameless))
    with pytest.raises(DataFileError, match="it does not name the data set"):
        read_all_scores(tmp_path / "n.npz", space=SPACE)


RUN = ["run", "--algo", "random", "--quiet", "--budget", "20"]


def test_a_search_on_own_scores_leaves_a_folder_that_can_be_shown_and_drawn(own, tmp_path, capsys):
    out = tmp_path / "r"
    assert main([*RUN, "--scores", str(own[1]), "--out", str(out)]) == 0
    config = json.loads((out / "config.json").read_text())
    assert config["error"] == {"accuracy": "supernet", "scores": str(own[1])}
    assert read_config(out).error == ErrorChoice("supernet", ScoresOptions(own[1]))
    assert any("trained by evonasc on folder:mine" in line for line in _provenance(out))
    measured = dict(zip(SPACE.to_text(CELLS), own[2].top1_error, strict=True))
    rows = list(csv.DictReader((out / "evaluations.csv").read_text().splitlines()))
    for row in rows:  # what `supernet score` counted is what is shown
        assert float(row["error"]) == pytest.approx(measured[row["arch_str"]], abs=1e-6)
    capsys.readouterr()
    assert main(["show", str(out), "--provenance"]) == 0
    assert "folder:mine" in capsys.readouterr().out
    assert main(["plot", str(out), "--out", str(tmp_path / "f")]) == 0
    assert (tmp_path / "f.png").exists()


def test_fronts_are_drawn_though_their_inputs_and_evaluations_are_gone(own, tmp_path):
    scores = tmp_path / "scores.npz"
    scores.write_bytes(own[1].read_bytes())
    runs = [str(tmp_path / name) for name in ("a", "b")]
    for folder in runs:
        assert main([*RUN, "--scores", str(scores), "--out", folder]) == 0
    scores.unlink()
    (tmp_path / "b" / "evaluations.csv").unlink()
    assert main(["plot", *runs, "--out", str(tmp_path / "f")]) == 0
    assert (tmp_path / "f.png").exists()


def test_losses_that_are_no_numbers_are_not_stored(own, tmp_path, monkeypatch, capsys):
    def diverged(task, networks, rows, *, n_jobs):
        yield rows[:2], (np.array([1.0, np.nan]), np.array([3, 0]))

    monkeypatch.setattr("evonasc.supernet.score_file.in_parallel", diverged)
    given = ["--weights", str(own[0]), "--out", str(tmp_path / "new.npz")]
    assert main(["supernet", "score", *given]) == 2
    assert "training diverged. Train it again at a lower" in capsys.readouterr().err
    assert not (tmp_path / "new.npz").exists()


def test_weights_alone_mean_live(own, tmp_path):
    out = tmp_path / "r"
    given = ["--weights", str(own[0]), "--scores", str(own[1]), "--no-plot"]
    assert main([*RUN, *given, "--out", str(out)]) == 0
    config = json.loads((out / "config.json").read_text())
    assert (config["error"]["accuracy"], config["error"]["weights"]) == ("live", str(own[0]))
    assert any("forward passes of the supernet" in line for line in _provenance(out))


def test_own_scores_join_the_proxies(own, tmp_path):
    out = tmp_path / "r"
    command = [*RUN, "--accuracy", "joined", "--scores", str(own[1]), "--out", str(out)]
    assert main(command) == 0
    assert "top-1 error of one supernet" in _provenance(out)[0]
    with (out / "evaluations.csv").open() as file:
        found = {float(row["error"]) for row in csv.DictReader(file)}
    allowed = JoinedOrder(scores=[own[2]]).errors.of_networks(CELLS)
    assert found <= set(allowed.tolist())
    assert not np.array_equal(
        np.argsort(allowed), np.argsort(JoinedOrder().errors.of_networks(CELLS))
    )


def _provenance(out):
    return json.loads((out / "run.json").read_text())["provenance"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["--accuracy", "supernet", "--weights", "w"],
            "--weights is not read by .* reads it .live.",
        ),
        (
            ["--accuracy", "live", "--data-root", "d", "--scores", "s"],
            "--scores needs the supernet",
        ),
        (["--algo", "gdas"], "'cotrained' needs images to .*: --data digits"),
        (
            ["--algo", "nasc-cotrain"],
            "'cotrained' needs images to .*: --data digits",
        ),
        (
            ["--algo", "gdas", "--data", "digits", "--accuracy", "live"],
            "'live' cannot be used with",
        ),
        (
            ["--algo", "gdas", "--accuracy", "supernet"],
            "'supernet' cannot be used with a search",
        ),
        (["--data", "digits"], "--data is not read by --accuracy joined, .* .cotrained."),
        (
            ["--data", "digits", "--accuracy", "cotrained"],
            "'cotrained' must be used with a search that trains weights. .* --algo gdas or nasc",
        ),
        (["--algo", "gdas", "--data", "digit"], "Unknown data set 'digit'. Did you mean 'digits'"),
        (["--algo", "gdas", "--data", "cifar10"], "needs the folder of its files: --data-root"),
        (["--scores", "nothing.npz"], "Cannot read the score file nothing.npz: No such"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_line(given, message, tmp_path, capsys):
    import re

    out = tmp_path / "r"
    assert main([*RUN, *given, "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert re.search(message, " ".join(error.split())), error
    assert not out.exists()


def test_a_run_that_trains_names_its_data_in_its_configuration():
    search = SearchConfig(algorithm="gdas")
    error = ErrorChoice("cotrained", CotrainedOptions(data="digits"))
    assert prepare(RunConfig(error=error, search=search)).config.error == error
    with pytest.raises(ConfigError, match="'cotrained' needs images to train on"):
        run(RunConfig(search=search))


@pytest.mark.slow
def test_training_derives_classes_and_sizes_from_the_data(tmp_path):
    from PIL import Image

    for label in range(3):
        (tmp_path / "images" / str(label)).mkdir(parents=True)
        for i in range(12):
            image = Image.new("RGB", (9, 9), (20 * i, 80 * label, 0))
            image.save(tmp_path / "images" / str(label) / f"{i}.png")
    name = f"folder:{tmp_path / 'images'}"
    out = tmp_path / "sn"
    small = ["--epochs", "1", "--size", "channels=2", "--size", "cells_per_stage=2"]
    assert main(["supernet", "train", "--data", name, "--out", str(out), *small]) == 0
    trained = read_supernet(out / "checkpoint.safetensors", family=FAMILY)
    assert trained.supernet.config == SupernetConfig(channels=2, cells_per_stage=2, n_classes=3)
    assert (trained.training["data"], trained.training["n_validation"]) == (name, 6)
    assert len(scoring_images(trained, None)) == 6


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["nasc-cotrain", "gdas"])
def test_a_search_that_trains_runs_from_the_command_line(algorithm, tmp_path, capsys):
    out = tmp_path / "r"
    given = ["--algo", algorithm, "--data", "digits"]
    assert main(["run", *given, "--budget", "24", "--max-latency-ms", "20", "--out", str(out)]) == 0
    assert main(["show", str(out), "--provenance"]) == 0
    assert "by the supernet that this search trained" in " ".join(capsys.readouterr().out.split())
    assert read_config(out).error.options.data == "digits"
    assert main(["show", str(out)]) == 0
    assert main(["plot", str(out), "--out", str(tmp_path / "f")]) == 0
