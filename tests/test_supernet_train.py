"""``evonasc supernet train`` as a process among others: killed, interrupted, given one thread."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evonasc.cli import main
from evonasc.supernet.checkpoint import load_checkpoint

ROOT = Path(__file__).parents[1]
EPOCHS = 5
SMALL = ["supernet", "train", "--data", "digits", "--size", "channels=2", "--batch-size", "32"]
PATIENCE_S = 300


def command(out, epochs=EPOCHS):
    return [*SMALL, "--epochs", str(epochs), "--out", str(out)]


def start(out):
    # Without the variables that would give one thread to anybody.
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    return subprocess.Popen(
        [sys.executable, "-m", "evonasc", *command(out), "--threads", "1"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(condition, process):
    """Wait until something holds; a process that ends before is a failure."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "nothing happened for too long"
        time.sleep(0.005)


def tensors(folder):
    checkpoint = load_checkpoint(folder / "checkpoint.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in checkpoint.tensors.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return what an uninterrupted training leaves."""
    folder = tmp_path_factory.mktemp("train") / "whole"
    assert main(command(folder)) == 0
    return folder


@pytest.mark.slow
def test_killed_in_an_epoch_and_resumed_it_gives_the_same_weights_bit_for_bit(whole, tmp_path):
    out = tmp_path / "killed"
    process = start(out)
    checkpoint = out / "checkpoint.safetensors"
    wait_for(checkpoint.exists, process)
    cpu_s = {task.name: cpu_seconds(task) for task in Path(f"/proc/{process.pid}/task").iterdir()}
    time.sleep(0.1)  # well into the next epoch
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    # One thread computed, whatever other threads libraries may keep waiting.
    assert cpu_s[str(process.pid)] > 0.9 * sum(cpu_s.values())
    n_done = len(load_checkpoint(checkpoint).header["logs"])
    assert 1 <= n_done < EPOCHS, "the kill came too late to test anything"
    assert main(command(out)) == 0
    assert tensors(out) == tensors(whole)
    assert len((out / "log.csv").read_text().splitlines()) == 1 + EPOCHS
    assert {path.name for path in out.iterdir()} == {
        "checkpoint.safetensors",
        "curve.pdf",
        "curve.png",
        "curve.svg",
        "log.csv",
    }


def cpu_seconds(task):
    """Return the processor time of a thread, from Linux's /proc."""
    fields = (task / "stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def ctrl_c(monkeypatch):
    """Press Ctrl-C in the training steps with these numbers, from 0; return the steps done."""
    from evonasc.supernet import training

    plain = training.weight_step

    def at(*numbers):
        steps = []

        def interrupted(*given):
            steps.append(len(steps))
            if steps[-1] in numbers:
                signal.raise_signal(signal.SIGINT)
            return plain(*given)

        monkeypatch.setattr(training, "weight_step", interrupted)
        return steps

    yield at
    monkeypatch.undo()


@pytest.mark.slow
def test_ctrl_c_ends_after_the_epoch_and_says_what_is_kept(
    whole, tmp_path, ctrl_c, monkeypatch, capsys
):
    out = tmp_path / "stopped"
    steps = ctrl_c(40)  # 36 steps an epoch: 1,150 images by 32
    assert main(command(out)) == 130
    assert len(steps) == 2 * 36
    said = capsys.readouterr()
    assert "Stopping after this epoch; Ctrl-C again stops at once." in said.err
    assert f"Interrupted: 2 of {EPOCHS} epochs are kept in" in " ".join(said.out.split())
    assert (out / "curve.png").exists()
    monkeypatch.undo()
    assert main(command(out)) == 0
    assert tensors(out) == tensors(whole)


@pytest.mark.slow
def test_asked_twice_it_stops_in_the_epoch(tmp_path, ctrl_c, capsys):
    steps = ctrl_c(1, 3)
    assert main(command(tmp_path / "t")) == 130
    assert len(steps) == 4
    assert "no epoch was finished and nothing is kept" in capsys.readouterr().out
    assert not list((tmp_path / "t").iterdir())


@pytest.mark.slow
def test_a_real_signal_ends_the_command_in_order(tmp_path):
    out = tmp_path / "stopped"
    process = start(out)
    wait_for((out / "checkpoint.safetensors").exists, process)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, said
    n_done = len(load_checkpoint(out / "checkpoint.safetensors").header["logs"])
    assert f"Interrupted: {n_done} of {EPOCHS} epochs are kept in" in " ".join(said.split())
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_checkpoint_of_other_settings_is_refused_by_the_command(whole, capsys):
    before = (whole / "checkpoint.safetensors").read_bytes()
    assert main(command(whole, epochs=EPOCHS - 1)) == 2
    assert "belongs to another configuration: epochs is 5, not 4" in capsys.readouterr().err
    assert (whole / "checkpoint.safetensors").read_bytes() == before


@pytest.mark.slow
def test_the_log_is_brought_up_to_the_checkpoint(tmp_path):
    """A kill between writing the two leaves the table a line behind."""
    assert main(command(tmp_path, epochs=1)) == 0
    log = (tmp_path / "log.csv").read_text()
    (tmp_path / "log.csv").unlink()
    assert main(command(tmp_path, epochs=1)) == 0
    assert (tmp_path / "log.csv").read_text() == log


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--size", "cells_per_stage=0"], "cells_per_stage must lie in [1, 64], got 0"),
        (["--size", "cells_per_stage=-2"], "cells_per_stage must lie in [1, 64], got -2"),
        (["--size", "channels=-1"], "channels must lie in [1, 256], got -1"),
        (["--size", "channels=1000000"], "channels must lie in [1, 256], got 1000000"),
        (["--size", "width=4"], "must be one of channels, cells_per_stage, got 'width'"),
        (["--size", "n_classes=4"], "must be one of channels, cells_per_stage, got 'n_classes'"),
        (["--size", "channels"], "--size must be NAME=VALUE, the value a whole number, got"),
        (["--size", "channels=2.5"], "--size must be NAME=VALUE, the value a whole number, got"),
        (["--seed", "9" * 21], "seed must lie in [0, 9223372036854775807]"),
        (["--threads", "100000"], "threads must be at most"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(tmp_path, capsys, changed, message):
    assert main([*command(tmp_path / "t"), *changed]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert not (tmp_path / "t").exists()


@pytest.fixture
def photos(tmp_path):
    """Two classes of 20 images, three files and a folder that are none."""
    from PIL import Image

    for label in range(2):
        folder = tmp_path / "photos" / str(label)
        folder.mkdir(parents=True)
        for i in range(20):
            Image.new("RGB", (9, 9), (12 * i, 80 * label, 0)).save(folder / f"{i}.png")
        (folder / "notes.txt").write_text("")
    (tmp_path / "photos" / "readme").write_text("")
    (tmp_path / "photos" / "0" / "more").mkdir()
    return tmp_path / "photos"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("digits", "Leave it out"), ("folder:photos", "Give --data folder:PATH alone")],
)
def test_a_root_that_would_not_be_read_as_such_is_refused(name, remedy, tmp_path, capsys):
    given = ["--data", name, "--data-root", str(tmp_path), "--out", str(tmp_path / "x")]
    assert main(["supernet", "train", *given]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"--data-root is for cifar10, cifar100, cifar100-recoded, got '{name}'. {remedy}" in said
    assert not (tmp_path / "x").exists()


def test_what_was_read_is_said_before_the_training(photos, tmp_path, capsys):
    given = ["--data", f"folder:{photos}", "--size", "channels=2", "--epochs", "1"]
    assert main(["supernet", "train", *given, "--out", str(tmp_path / "x")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    # a fifth of 20 a class for the test, a fifth of the other 32 held out
    assert "2 classes; 26 images to train on, 6 held out, 8 for the test" in said
    assert "left alone: other files: 3, folders in classes: 1." in said
    assert "Warning: Top-1 errors on 6 images are multiples of 1/6" in said
    assert said.index("--validation N") < said.index("epoch 1/1")


def test_changed_images_stop_a_training_and_its_scores(photos, tmp_path, capsys):
    out = tmp_path / "x"
    given = [
        "--data",
        f"folder:{photos}",
        "--size",
        "channels=2",
        "--epochs",
        "1",
        "--out",
        str(out),
    ]
    assert main(["supernet", "train", *given]) == 0
    (photos / "1" / "0.png").write_bytes((photos / "0" / "7.png").read_bytes())
    capsys.readouterr()
    assert main(["supernet", "train", *given]) == 2
    assert "are others than those it was trained on" in " ".join(capsys.readouterr().err.split())
    weights = ["--weights", str(out / "checkpoint.safetensors"), "--out", str(tmp_path / "s.npz")]
    assert main(["supernet", "score", *weights]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "must be those that the supernet was trained and held out on" in said
