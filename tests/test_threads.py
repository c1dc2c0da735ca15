"""Whatever the environment says of threads, the same command gives the same bytes."""

import os
import subprocess
import sys

import pytest

from evonasc.cli import main
from evonasc.errors import ConfigError
from evonasc.runs.folder import read_config
from evonasc.supernet.live_options import CotrainedOptions, LiveOptions


def evonasc(*words, threads, folder):
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(threads))}
    command = [sys.executable, "-m", "evonasc", *words]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_training_and_searches_on_it_do_not_depend_on_the_environment(tmp_path):
    size = ("--size", "channels=4", "--size", "cells_per_stage=1")
    search = ("run", "--budget", "20", "--no-plot", "--quiet")
    found = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        folder.mkdir()
        train = ("supernet", "train", "--data", "digits", "--epochs", "1", *size)
        evonasc(*train, "--out", "net", threads=threads, folder=folder)
        live = ("--accuracy", "live", "--weights", "net/checkpoint.safetensors", "--no-cache")
        evonasc(*search, *live, "--images", "100", "--out", "live", threads=threads, folder=folder)
        trained = ("--algo", "nasc-cotrain", "--data", "digits", "--max-latency-ms", "20")
        evonasc(*search, *trained, "--out", "trained", threads=threads, folder=folder)
        names = ("live/evaluations.csv", "trained/evaluations.csv", "trained/answers.csv")
        found.append([(folder / name).read_bytes() for name in names])
        assert read_config(folder / "live").error.options.threads == 1
    assert found[0] == found[1]


@pytest.mark.parametrize("options", [LiveOptions, CotrainedOptions])
def test_numbers_of_threads_that_cannot_be_are_refused(options):
    for threads in (0, 10**6):
        with pytest.raises(ConfigError, match="threads must be at"):
            options(threads=threads)


def test_threads_are_refused_where_nothing_computes_with_them(tmp_path, capsys):
    assert main(["run", "--threads", "2", "--out", str(tmp_path / "r")]) == 2
    assert "--threads is not read by --accuracy" in capsys.readouterr().err
