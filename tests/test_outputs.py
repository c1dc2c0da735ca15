"""Nothing is replaced unasked, through every command that writes a file of the user's choice."""

import shutil

import pytest
from own_machines import KNOWN, SPACE, networks, write_calibrated

from evonasc.cli import main
from evonasc.data.datasets import require_outside
from evonasc.errors import ConfigError
from evonasc.files import write_output


@pytest.fixture
def place(tmp_path, small_run, monkeypatch):
    """A folder with what the commands read: a run twice, a machine, times."""
    monkeypatch.chdir(tmp_path)
    for name in ("s1", "s2"):
        shutil.copytree(small_run, tmp_path / name)
    write_calibrated(tmp_path / "mybox.npz")
    cells = networks(11)[1:]
    rows = zip(SPACE.to_text(cells), KNOWN["raspi4"].total_ms(cells), strict=True)
    lines = [f"{text},{ms:.4f}" for text, ms in rows]
    (tmp_path / "times.csv").write_text("\n".join(["arch_str,latency_ms", *lines]))
    return tmp_path


#: Command without its --out -> (the --out, the file that it would write).
COMMANDS = {
    "hardware table mybox.npz": ("mybox.npz", "mybox.npz"),
    "hardware table raspi4": ("table.csv", "table.csv"),
    "hardware calibrate times.csv --like raspi4": ("other.npz", "other.npz"),
    "hardware profile --networks 5": ("other.npz", "other.npz"),
    "supernet errors": ("errors.csv", "errors.csv"),
    "sweep s1 --uplink-mbps 5:20 --no-plot": ("swept", "swept/sweep.csv"),
    "plot s1": ("figure", "figure.png"),
    "plot s1 s2": ("figure", "figure.svg"),
    "report s1": ("page.html", "page.html"),
    "report s1 s2": ("page.html", "page.html"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_lies_at_out_is_kept(command, place, capsys):
    out, written = COMMANDS[command]
    target = place / written
    target.parent.mkdir(exist_ok=True)
    if not target.exists():
        target.write_bytes(b"of the user")
    before = target.read_bytes()
    assert main([*command.split(), "--out", out]) == 2
    error = capsys.readouterr().err
    assert f"{written} exists already. Choose another --out" in error
    assert error.count("\n") == 1
    assert target.read_bytes() == before


@pytest.mark.parametrize("command", ["plot", "report"])
def test_what_several_runs_give_lies_in_none_of_them(command, place, capsys):
    before = {path: path.read_bytes() for path in place.glob("s?/*")}
    assert main([command, "s1", "s2"]) == 0
    assert {path: path.read_bytes() for path in place.glob("s?/*")} == before
    name = {"plot": "front_s1_s2.png", "report": "report_s1_s2.html"}[command]
    assert f"Wrote {name}" in capsys.readouterr().out
    assert (place / name).stat().st_size > 10_000


def test_a_runs_own_figure_is_made_again_with_the_same_bytes_and_that_is_said(place, capsys):
    assert main(["plot", "s1"]) == 0
    assert "Wrote s1/front.png" in capsys.readouterr().out
    first = {name: (place / "s1" / name).read_bytes() for name in ("front.png", "front.svg")}
    assert main(["plot", "s1"]) == 0
    assert "Replaced s1/front.png" in capsys.readouterr().out
    for name, content in first.items():
        assert (place / "s1" / name).read_bytes() == content


def test_the_same_content_may_be_written_again(tmp_path):
    path = tmp_path / "a" / "b"
    write_output(path, b"one")
    write_output(path, b"one")
    with pytest.raises(ConfigError, match="exists already"):
        write_output(path, b"two")
    write_output(path, b"two", may_replace=True)
    assert path.read_bytes() == b"two"


OUTS = ["photos", "photos/cat", "photos/new", "photos/cat/deep/net", "link"]


@pytest.mark.parametrize("out", OUTS)
@pytest.mark.parametrize(
    "command",
    [
        "supernet train --data folder:photos --epochs 1",
        "run --algo nasc-cotrain --data folder:photos --budget 10",
        "run --algo gdas --data folder:./photos/../photos --budget 10",
    ],
)
def test_nothing_is_written_among_the_images_that_are_read(command, out, place, capsys):
    for name in ("cat", "dog"):
        (place / "photos" / name).mkdir(parents=True)
    (place / "link").symlink_to(place / "photos")
    before = sorted(place.rglob("*"))
    assert main([*command.split(), "--out", out]) == 2
    error = capsys.readouterr().err
    assert "--out must not lie among the images that are read" in error
    assert error.count("\n") == 1
    assert sorted(place.rglob("*")) == before


def test_scores_are_not_written_among_the_images_either(tmp_path):
    require_outside(tmp_path / "s.npz", "cifar10", tmp_path)
    require_outside(tmp_path / "photos-scores.npz", f"folder:{tmp_path}/photos", None)
    with pytest.raises(ConfigError, match="must not lie among the images"):
        require_outside(tmp_path / "photos" / "s.npz", f"folder:{tmp_path}/photos", None)
    with pytest.raises(ConfigError, match="must not lie among the images"):
        require_outside(tmp_path / "moved" / "s.npz", "folder:photos", tmp_path / "moved")
