"""Whatever becomes of a file, its reader gives a value or one line: 2,000 mutations each.

Mutations are what happens to files and what is done to them: bytes flipped, cut out, doubled and
put in, among them what parsers stumble over.
"""

import io
import json
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from own_machines import write_calibrated

from evonasc.cli import main
from evonasc.cost.calibration import read_measured_networks
from evonasc.cost.declared_machine import read_declaration
from evonasc.cost.link_trace import read_trace
from evonasc.cost.machine_record import read_record
from evonasc.cost.scenario_table import read_scenario
from evonasc.data.image_files import _read_image
from evonasc.errors import EvonascError
from evonasc.nasbench201.errors.payload_file import read_effects
from evonasc.nasbench201.space import NasBench201
from evonasc.parsing import npz_arrays, npz_bytes
from evonasc.runs.comparison_folder import _read as read_comparison
from evonasc.runs.finished import load_run
from evonasc.runs.folder import read_config, read_summary
from evonasc.runs.trials import Trial, read_trial, write_trial
from evonasc.supernet.calibration import (
    TrainedCalibration,
    read_calibration,
    read_pairs,
    write_calibration,
)
from evonasc.supernet.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from evonasc.supernet.csv_rows import read_rows
from evonasc.supernet.network_list import read_networks
from evonasc.supernet.proxy_table import MEASURED, ProxyTable, encode_proxies, read_proxies
from evonasc.supernet.score_table import read_scores

SPACE = NasBench201()
#: What parsers stumble over.
NASTY = [word.encode("latin-1") for word in ("", "\0", "\xff", "\xef\xbb\xbf", *',;"\n\r-#=')]
NASTY += [b"1e308", b"1e999", b"nan", b"inf", b"9" * 20, b"9" * 5000, b"1_0", b"0,5", b"null"]
NASTY += [b"true", b"[]", b"{}", b"[" * 2000, b".a" * 500, b"\xed\xb2\x80", b"\xe2\x80\xae"]
NASTY += [b"\x1b[31m", b"../", b"evil:code", b"'''"]


def networks(n):
    return SPACE.to_text(SPACE.networks()[1000 : 1000 + n])


def mutated(data):
    """Return a strategy of what may become of some bytes."""
    place = st.integers(0, max(len(data), 1))
    change = st.one_of(
        st.tuples(st.just("flip"), place, st.integers(0, 7)),
        st.tuples(st.just("cut"), place, place),
        st.tuples(st.just("double"), place, place),
        st.tuples(st.just("put"), place, st.sampled_from(NASTY)),
        st.tuples(st.just("swap"), place, st.sampled_from(NASTY)),
    )

    def applied(changes):
        content = bytearray(data)
        for what, at, value in changes:
            at = min(at, len(content))
            if what == "flip" and at < len(content):
                content[at] ^= 1 << value
            elif what == "cut":
                del content[min(at, value) : max(at, value)]
            elif what == "double":
                part = content[min(at, value) : max(at, value)][:10_000]
                content[at:at] = part
            elif what == "put":
                content[at:at] = value
            elif what == "swap":
                content[at : at + len(value)] = value
        return bytes(content)

    return st.lists(change, min_size=1, max_size=4).map(applied)


def as_checkpoint():
    torch = pytest.importorskip("torch")
    header = {"config": {"epochs": 1}, "logs": []}
    return encode_checkpoint(Checkpoint({"w": torch.arange(6.0)}, header))


def as_trial(folder):
    genes = np.arange(24).reshape(4, 6)
    trial = Trial(genes, np.arange(8.0).reshape(4, 2), np.ones(4, bool), np.zeros((0, 2)), 4, 0.1)
    write_trial(folder / "trial.npz", trial, digest="x")
    return (folder / "trial.npz").read_bytes()


def as_image():
    image = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save(buffer, "PNG")
    return buffer.getvalue()


def lines(header, rows):
    return "".join(f"{line}\n" for line in [header, *rows]).encode()


def of_networks(header, values):
    return lines(header, [f"{one},{value}" for one, value in zip(networks(5), values, strict=True)])


def as_scores():
    return npz_bytes(
        cells=SPACE.networks()[:4].astype(np.int8),
        loss=np.ones(4),
        n_right=np.ones(4, int),
        n_images=np.array(9),
        header=np.array(json.dumps({"space": "nasbench201", "training": {"data": "cifar10"}})),
    )


def as_machine(folder):
    write_calibrated(folder / "machine.npz")
    return (folder / "machine.npz").read_bytes()


def as_proxies():
    values = np.ones((2, 4, len(MEASURED)))
    return encode_proxies(ProxyTable(SPACE.networks()[:4], values, {"space": SPACE.name}, SPACE))


def as_effects():
    header = np.array(json.dumps({"seed": 0}))
    rows = {"loss": np.ones((3, 5)), "error": np.full((3, 5), 0.5)}
    return npz_bytes(cells=SPACE.networks()[:3], header=header, **rows)


class BySum:
    """An error that is known in closed form."""

    provenance = "made up for tests"

    def error(self, genes, *, designs):
        return 0.9 - designs.operations(genes).sum(axis=1) / 50


def as_calibration(folder):
    networks = SPACE.to_text(SPACE.networks()[[100, 2000, 3500, 5000]])
    rows = [f"{one},{error}" for one, error in zip(networks, (0.9, 0.5, 0.3, 0.1), strict=True)]
    (folder / "pairs.csv").write_bytes(lines("arch_str,error", rows))
    pairs = read_pairs(folder / "pairs.csv", BySum(), SPACE)
    write_calibration(folder / "c.json", TrainedCalibration(pairs), BySum())
    return (folder / "c.json").read_bytes()


SCENARIO = ('base = "raspi4-edgegpu-10mbps"', "uplink_mbps = 5.5", "payload_bits = [4, 8]")
MACHINE = ('name = "box"', 'description = "a box"', "macs_per_ms = 2e6", "bytes_per_ms = 1e6")
COMPARISON = {"settings": {"a": 1}, "scenarios": {"s": {}}, "contenders": {"nsga2": {}}}
#: Reader -> a file that it reads, and how; 2,000 mutations each in CI.
READERS = {
    "measurements": (
        lambda folder: of_networks("arch_str,latency_ms", ("1.5", "2", "3", "4", "5e0")),
        lambda path: read_measured_networks(path, SPACE),
    ),
    "rows": (
        lambda folder: of_networks("arch_str,error", ("0.1", "0.2", "0.3", ".4", "5e-1")),
        lambda path: read_rows(path, ("arch_str", "error"), kind="table"),
    ),
    "trace": (
        lambda folder: lines("time_s,trace_id,mbps", ("0,a,4", "1,a,0", "2,a,8.5", "0,b,3")),
        lambda path: read_trace(str(path)),
    ),
    "stamps": (
        lambda folder: lines(
            "timestamp,mbps", ("2026-01-31T12:00:00Z,4", "2026-01-31T13:00:01+01:00,5")
        ),
        lambda path: read_trace(str(path)),
    ),
    "scenario": (lambda folder: lines(SCENARIO[0], SCENARIO[1:]), read_scenario),
    "machine": (lambda folder: lines(MACHINE[0], MACHINE[1:]), read_declaration),
    "checkpoint": (
        lambda folder: as_checkpoint(),
        lambda path: decode_checkpoint(path.read_bytes(), where="x"),
    ),
    "trial": (as_trial, lambda path: read_trial(path, digest="x")),
    "npz": (
        lambda folder: npz_bytes(a=np.arange(9), b=np.array("text")),
        lambda path: npz_arrays(path.read_bytes()),
    ),
    "scores": (lambda folder: as_scores(), lambda path: read_scores(path, SPACE)),
    "comparison": (lambda folder: json.dumps(COMPARISON).encode(), read_comparison),
    "image": (lambda folder: as_image(), _read_image),
    "own machine": (as_machine, read_record),
    "proxies": (lambda folder: as_proxies(), lambda path: read_proxies(path, SPACE)),
    "payload effects": (lambda folder: as_effects(), read_effects),
    "calibration": (as_calibration, lambda path: read_calibration(path, BySum(), SPACE)),
    "networks": (
        lambda folder: lines("arch_str,rank", [f"{one},1" for one in networks(6)]),
        lambda path: read_networks(path, SPACE),
    ),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutated") / "r"
    assert main(["run", "--budget", "40", "--no-plot", "--quiet", "--out", str(folder)]) == 0
    return folder


def check(path, read, content):
    """Read a mutated file: a value, or an error of evonasc in one line."""
    path.write_bytes(content)
    allowed = ValueError if read is READERS["npz"][1] else EvonascError  # bytes have no file
    said = ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read(path)
        except allowed as error:
            said = str(error)
    assert "\n" not in said.strip()


def many(n):
    return settings(
        max_examples=n,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def mutate(path, read, data, n):
    @many(n)
    @given(mutated(data))
    def each(content):
        check(path, read, content)

    each()


@pytest.mark.parametrize("name", READERS)
def test_a_few_mutations_are_read_or_refused(name, tmp_path):
    make, read = READERS[name]
    path = tmp_path / f"file{'.png' if name == 'image' else ''}"
    path.write_bytes(make(tmp_path))
    read(path)  # as it is, it is read
    mutate(path, read, make(tmp_path), 40)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_mutations_are_read_or_refused(name, tmp_path):
    make, read = READERS[name]
    mutate(tmp_path / f"file{'.png' if name == 'image' else ''}", read, make(tmp_path), 2000)


RUN_FILES = {
    "config.json": read_config,
    "run.json": read_summary,
    "front.csv": load_run,
    "evaluations.csv": lambda folder: load_run(folder),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN_FILES)
def test_mutations_of_a_run_are_read_or_refused(name, run, tmp_path):
    folder = tmp_path / "r"
    folder.mkdir()
    for path in run.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    if name == "evaluations.csv":  # as after a kill
        (folder / "run.json").unlink()
    read = RUN_FILES[name]
    mutate(folder / name, lambda path: read(Path(path).parent), (folder / name).read_bytes(), 2000)


def test_mutations_are_the_same_each_time():
    seen = []
    for _ in range(2):
        found = []

        @many(30)
        @given(mutated(b"some bytes to change"))
        def collect(content):
            found.append(content)  # noqa: B023  # called before the next one is made

        collect()
        seen.append(zlib.crc32(b"|".join(found)))
    assert seen[0] == seen[1]
