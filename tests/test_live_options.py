"""How live evaluation runs: refused, declared, written and read back."""

import argparse

import pytest

from evonasc.cli.live_arguments import add_live_arguments, live_options_of
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.problems import Staircase
from evonasc.runs.folder import RunWriter, read_config
from evonasc.runs.run import RunConfig
from evonasc.supernet.live_options import LiveOptions


def test_options_out_of_range_are_refused():
    with pytest.raises(ConfigError, match="images must be at least 1, got 0"):
        LiveOptions(n_images=0)
    with pytest.raises(UnknownNameError, match="Unknown device 'cdua'. Did you mean 'cuda'"):
        LiveOptions(device="cdua")


def test_the_command_line_knows_them_all():
    parser = argparse.ArgumentParser()
    add_live_arguments(parser)
    assert live_options_of(parser.parse_args([])) == LiveOptions()
    words = ["--images", "250", "--no-cache", "--early-decision", "--device", "cpu"]
    assert live_options_of(parser.parse_args(words)) == LiveOptions(250, False, True, "cpu")


def test_they_are_for_live_evaluation_only():
    with pytest.raises(ConfigError, match="are for the accuracy 'live', got 'supernet'"):
        RunConfig(accuracy="supernet", live=LiveOptions(n_images=250))


def test_they_come_back_from_a_run_folder(tmp_path):
    config = RunConfig(accuracy="live", data_root=tmp_path, live=LiveOptions(250, False, True))
    with RunWriter(tmp_path / "run", config, Staircase()):
        pass
    assert read_config(tmp_path / "run") == config
