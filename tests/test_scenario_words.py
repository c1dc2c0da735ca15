"""What a scenario is called once fields of it are replaced."""

import argparse
from dataclasses import replace

import pytest

from evonasc.cli.problem_arguments import add_problem_arguments, scenario_of
from evonasc.cost.scenario import FIELD_KINDS, Scenario
from evonasc.cost.scenario_table import named_scenario
from evonasc.cost.scenario_words import base_name, changed, difference_words, size_words

DEFAULT = "raspi4-edgegpu-10mbps"


def scenario(*words):
    parser = argparse.ArgumentParser()
    add_problem_arguments(parser)
    return scenario_of(parser.parse_args(words))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ([], DEFAULT),
        (["--head-hardware", "raspi4", "--uplink-mbps", "10"], DEFAULT),  # nothing is changed
        (
            "--head-hardware titan_rtx --link trace:logs/t.csv --max-head-memory-bytes 1500000",
            f"{DEFAULT} (head titan_rtx, trace t.csv, memory <= 1.5 MB)",
        ),
        (["--link", "trace:run#3/t.csv"], f"{DEFAULT} (trace t.csv)"),
        (["--head-hardware", "boxes/mine.npz"], f"{DEFAULT} (head mine.npz)"),
        (["--uplink-mbps", "5", "--packet-loss", "0.05"], f"{DEFAULT} (5 Mbit/s, loss 5 %)"),
        (["--min-split", "0"], f"{DEFAULT} (raw input may be sent)"),
        (
            "--scenario pixel3-busygpu-20mbps-lte --radio wifi --no-retransmit",
            "pixel3-busygpu-20mbps-lte (lost packets stay lost, radio wifi)",
        ),
    ],
)
def test_what_was_changed_stands_in_the_name(words, name):
    assert scenario(*(words.split() if isinstance(words, str) else words)).name == name


def test_a_scenario_file_keeps_the_name_that_it_gives_itself(tmp_path):
    path = tmp_path / "garage.toml"
    path.write_text('name = "my garage"\nuplink_mbps = 3.0\n')
    assert scenario("--scenario", str(path), "--radio", "lte").name == "my garage (radio lte)"


OTHERS = {
    "deadline_ms": 7.0,
    "head_hardware": "pixel3",
    "head_idle_power_mw": 90.0,
    "head_power_mw": 900.0,
    "link": "trace:t.csv",
    "max_head_memory_bytes": 5e5,
    "max_payload_bytes": 900.0,
    "min_split": 2,
    "mtu_bytes": 576,
    "name": "other",
    "one_way_delay_ms": 2.5,
    "packet_header_bytes": 20,
    "packet_loss": 0.1,
    "payload_bits": (4, 8),
    "radio": "3g",
    "retransmit": False,
    "tail_hardware": "pixel3",
    "uplink_mbps": 2.0,
}


@pytest.mark.parametrize("field", sorted(set(FIELD_KINDS) - {"name", "deadline_ms"}))
def test_every_field_is_said_in_both_directions_and_no_two_alike(field):
    base = Scenario()
    other = replace(base, **{field: OTHERS[field]})
    there, back = difference_words(base, other), difference_words(other, base)
    assert there
    assert back
    assert there != back
    assert "," not in there
    assert difference_words(base, base) == ""


def test_all_fields_are_said_together():
    assert OTHERS.keys() == FIELD_KINDS.keys()
    name = changed(Scenario(name="x"), {**OTHERS, "name": "x", "payload_bits": [4, 8]}).name
    assert base_name(name) == "x"
    assert name.count(",") == len(OTHERS) - 2


def test_sizes_have_the_unit_that_people_would_take():
    assert [size_words(n) for n in (999.0, 1000.0, 1.5e6, 2e9)] == [
        "999 B",
        "1 kB",
        "1.5 MB",
        "2 GB",
    ]


def test_no_named_scenario_looks_changed():
    assert base_name(named_scenario(DEFAULT).name) == DEFAULT
