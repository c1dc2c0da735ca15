"""How live evaluation runs: refused, declared, written and read back."""

import pytest

from evonasc.cli import main
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.problems import Staircase
from evonasc.runs.config import ErrorChoice, RunConfig
from evonasc.runs.folder import read_config
from evonasc.runs.prepare import Prepared
from evonasc.runs.writer import RunWriter
from evonasc.search.algorithms import algorithm
from evonasc.supernet.live_options import LiveOptions


def test_options_out_of_range_are_refused():
    with pytest.raises(ConfigError, match="images must be at least 1, got 0"):
        LiveOptions(n_images=0)
    with pytest.raises(UnknownNameError, match="Unknown device 'cdua'. Did you mean 'cuda'"):
        LiveOptions(device="cdua")


@pytest.mark.parametrize(
    ("option", "named"),
    [
        (["--images", "250"], "--images"),
        (["--no-cache"], "--no-cache"),
        (["--device", "cpu"], "--device"),
    ],
)
def test_they_are_for_live_evaluation_only(option, named, tmp_path, capsys):
    words = ["run", "--accuracy", "supernet", *option, "--out", str(tmp_path / "r")]
    assert main(words) == 2
    assert f"{named} is not read by --accuracy supernet" in " ".join(
        capsys.readouterr().err.split()
    )
    assert not (tmp_path / "r").exists()


def test_they_come_back_from_a_run_folder(tmp_path):
    (tmp_path / "w").write_text("weights")
    options = LiveOptions(
        data_root=tmp_path, weights=tmp_path / "w", n_images=250, is_cached=False, device="cpu"
    )
    config = RunConfig(error=ErrorChoice("live", options))
    prepared = Prepared(Staircase(), config, algorithm("nsga2"), is_stored=False)
    with RunWriter(tmp_path / "run", prepared):
        pass
    assert read_config(tmp_path / "run") == config
