import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from evonasc.analysis.front_figure import FrontSeries, front_figure
from evonasc.analysis.plotting import cut_colours, cut_name, picture, plain_text, save_figure
from evonasc.errors import ConfigError

NAMES = tuple(f"block {i}" for i in range(1, 7))


def figure_of(label="run", **options):
    rng = np.random.default_rng(2)
    cuts = np.arange(6)[:, None] % 3 + 1
    one = FrontSeries(label, rng.random((6, 2)), cuts, rng.random((30, 2)) + 0.2)
    return front_figure([one], objectives=("error", "latency_ms"), block_names=NAMES, **options)


def test_a_figure_is_three_files_that_are_the_same_every_time(tmp_path):
    paths = save_figure(figure_of(), tmp_path / "front")
    assert [path.suffix for path in paths] == [".png", ".svg", ".pdf"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in paths[1].read_text()
    assert paths[2].read_bytes().startswith(b"%PDF")
    again = save_figure(figure_of(), tmp_path / "again")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]


def test_a_picture_for_a_notebook_is_a_png():
    assert picture(figure_of())._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["f.v2", "f.v2.png", "f.v2.svg", "f.v2.pdf"])
def test_a_stem_may_have_points_and_a_suffix(tmp_path, name):
    paths = save_figure(plt.figure(figsize=(1, 1)), tmp_path / name)
    assert [path.name for path in paths] == ["f.v2.png", "f.v2.svg", "f.v2.pdf"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Cannot write"):
        save_figure(figure_of(), tmp_path / "file" / "front")


def test_cuts_are_named_by_the_block_they_follow():
    assert [cut_name(cut, NAMES) for cut in (0, 2, 6)] == [
        "0 (raw input)",
        "2 (block 2)",
        "6 (all local)",
    ]


@pytest.mark.parametrize("n_blocks", [1, 6, 9, 10, 19, 40])
def test_a_cut_has_one_colour_whatever_else_is_drawn_and_no_two_have_the_same(n_blocks):
    every = cut_colours(range(n_blocks + 1), n_blocks=n_blocks)
    for cut in every:
        assert cut_colours([cut], n_blocks=n_blocks) == {cut: every[cut]}
    assert len({to_rgb(colour) for colour in every.values()}) == n_blocks + 1
    together = np.array([every[cut] for cut in range(n_blocks + 1)])
    assert np.abs(np.diff(together, axis=0)).max(axis=1).min() > 0.15  # neighbours differ


@pytest.mark.parametrize("name", ["_mine", "a $\\frac{$ b", "a\x1b[2Jb\n\ufffe"])
def test_names_of_users_are_drawn_as_they_are_written(name):
    """matplotlib would read $...$ as a formula and hide labels that begin with an underscore."""
    drawn = plain_text(name)
    shown = name.replace("\x1b", r"\x1b").replace("\ufffe", r"\ufffe")
    assert drawn.replace(r"\$", "$").strip() == shown
    assert not drawn.startswith("_")
    assert drawn.replace("\n", "").isprintable()
