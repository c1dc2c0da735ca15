"""The picture of split computing shows what it is given."""

import numpy as np
import pytest

from evonasc.analysis.concept_figure import concept_figure
from evonasc.analysis.plotting import picture

NAMES = ("stem", "cell", "end")
PAYLOADS = np.array([3000.0, 16000.0, 8000.0, 0.0])


def test_bars_are_the_payloads_and_blocks_stand_on_their_side():
    figure = concept_figure(block_names=NAMES, payload_bytes=PAYLOADS, split_point=2)
    upper, lower = figure.axes
    assert [bar.get_height() for bar in lower.patches] == [3.0, 16.0, 8.0, 0.0]
    colours = [bar.get_facecolor() for bar in lower.patches]
    assert [colour != colours[0] for colour in colours] == [False, False, True, False]
    places = {text.get_text(): text.get_position()[0] for text in upper.texts}
    assert places["stem"] < places["cell"] < places["uplink: payload"] < places["end"]
    assert places["head_ms"] < places["uplink_ms"] < places["tail_ms"]
    assert "cut after 2 (cell)" in {text.get_text() for text in lower.texts}
    assert picture(figure).png.startswith(b"\x89PNG")


@pytest.mark.parametrize("split_point", [0, 3])
def test_a_cut_with_nothing_on_one_side_is_refused(split_point):
    with pytest.raises(ValueError, match="split_point must lie between 0 and n_blocks = 3"):
        concept_figure(block_names=NAMES, payload_bytes=PAYLOADS, split_point=split_point)


def test_a_payload_a_cut_is_asked_for():
    with pytest.raises(ValueError, match=r"= \(4,\), got \(3,\)"):
        concept_figure(block_names=NAMES, payload_bytes=PAYLOADS[:3], split_point=1)
