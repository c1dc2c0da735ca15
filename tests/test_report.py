import pytest
from rich.console import Console

from evonasc.analysis.report import front_view
from evonasc.cost.cuts import design_space
from evonasc.cost.scenario import Scenario
from evonasc.nasbench201.space import NasBench201

DESIGNS = design_space(Scenario(), NasBench201())
OBJECTIVES = ("error", "latency_ms", "energy_mj")
ROW = {
    "id": 1234,
    "arch_str": "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_1x1~2|",
    "split_point": 5,
    "payload_bits": 8,
    "error": 0.1234,
    "error_calibrated": 0.0567,
    "error_calibrated_low": 0.0456,
    "error_calibrated_high": 0.0678,
    "head_ms": 10.12,
    "uplink_ms": 100.34,
    "tail_ms": 9.56,
    "latency_ms": 120.02,
    "energy_mj": 100.7,
}


def shown(width, objectives=OBJECTIVES):
    console = Console(width=width)
    with console.capture() as capture:
        console.print(front_view([ROW], DESIGNS, objectives=objectives))
    return capture.get()


def test_a_wide_terminal_shows_all_columns():
    text = shown(120)
    values = ("1234", "0.0567", "0.0456", "0.0678", "10.12", "100.34", "9.56", "120.02", "100.7")
    for value in values:
        assert value in text
    assert "Left out" not in text


@pytest.mark.parametrize(
    ("width", "kept", "left_out"),
    [
        (80, ("0.0567",), "tail ms, uplink ms, head ms, low, high"),
        (60, (), "tail ms, uplink ms, head ms, low, high, calibrated"),
    ],
)
def test_a_narrow_one_keeps_the_design_and_its_objectives(width, kept, left_out):
    text = shown(width)
    for value in ("1234", "3|-3|s-1", "5 cell 1.4", "0.1234", "120.02", "100.7", *kept):
        assert value in text
    assert f"Left out to fit: {left_out}." in " ".join(text.split())
    assert all(len(line) <= width for line in text.splitlines())


def test_an_objective_is_never_left_out():
    text = shown(60, ("error", "tail_ms"))
    assert "9.56" in text
    assert "Left out to fit: uplink ms, head ms" in " ".join(text.split())
