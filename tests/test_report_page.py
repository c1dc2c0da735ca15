"""The report page: what it shows, that hostile texts stay texts, and that commands repeat runs."""

import base64
import gzip
import hashlib
import json
import re
import shlex
import shutil
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from pymoo.core.problem import Problem

from evonasc.analysis.page_data import gene_groups, page_data, run_labels
from evonasc.analysis.report_page import report_page
from evonasc.bounds import Bound
from evonasc.cli import main
from evonasc.cli.run_command import run_command
from evonasc.cost.scenario_table import named_scenario
from evonasc.errors import ConfigError, DataFileError, MissingDependencyError
from evonasc.runs.config import ErrorChoice, RunConfig
from evonasc.runs.folder import SUMMARY_FILE, read_config, read_table
from evonasc.search.config import SearchConfig
from evonasc.supernet.live_options import LiveOptions

HOSTILE = "</script><script>alert(1)</script><b>&'\"{{ 7*7 }}"


@pytest.fixture
def run(small_run, tmp_path):
    return shutil.copytree(small_run, tmp_path / "run")


@pytest.fixture(scope="module")
def data(small_run):
    return page_data([small_run])


def data_on(page):
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    return json.loads(text)


def edit_json(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_the_front_is_that_of_the_run(data, small_run):
    (shown,) = data["runs"]
    rows = read_table(small_run / "front.csv")
    assert [shown["designs"]["id"][row] for row in shown["front"]] == [int(r["id"]) for r in rows]
    for name in ("error", "latency_ms", "head_ms", "payload_bytes"):
        assert [shown["values"][name][row] for row in shown["front"]] == [
            float(row[name]) for row in rows
        ]


def test_the_page_holds_all_that_can_be_on_a_front_and_little_more(data, small_run):
    """Checked against all designs of the run, at rates from a modem to a cable."""
    from evonasc.analysis.rate_sweep import front_at, link_parts

    (shown,) = data["runs"]
    evaluated = read_table(small_run / "evaluations.csv")
    names = ("error", "head_ms", "tail_ms", "payload_bytes")
    columns = {name: np.array([float(row[name]) for row in evaluated]) for name in names}
    parts = link_parts(columns, read_config(small_run).scenario)
    kept = {shown["designs"]["id"][row] for row in shown["contenders"]}
    for mbps in (0.1, 1.0, 10.0, 100.0, 1000.0):
        front = front_at(parts, mbps, ("error", "latency_ms"))
        assert {int(evaluated[row]["id"]) for row in front} <= kept
    assert len(kept) < len(evaluated) / 2


def test_designs_beyond_bounds_count_for_nothing_in_the_curve(tmp_path):
    out = tmp_path / "run"
    words = ["run", "--problem", "toy", "--budget", "200", "--max", "latency=9", "--no-plot"]
    assert main([*words, "--quiet", "--out", str(out)]) == 0
    (shown,) = page_data([out])["runs"]
    summary = json.loads((out / SUMMARY_FILE).read_text())
    assert shown["curve"]["shares"][-1] == pytest.approx(summary["exact"]["hypervolume_share"])
    assert max(row[1] for row in shown["curve"]["truth"]) <= 9


def test_the_curve_ends_where_the_summary_says(data, small_run):
    curve = data["runs"][0]["curve"]
    summary = json.loads((small_run / SUMMARY_FILE).read_text())
    assert curve["counts"][-1] == summary["n_evaluated"]
    assert curve["shares"][-1] == pytest.approx(summary["exact"]["hypervolume_share"])
    assert (np.diff(curve["shares"]) >= -1e-12).all()  # of everything evaluated: never falls
    assert len(curve["truth"]) == summary["exact"]["n_points"]


def test_a_curve_against_another_truth_is_refused(run):
    exact = json.loads((run / SUMMARY_FILE).read_text())["exact"]
    edit_json(run / SUMMARY_FILE, exact={**exact, "hypervolume_share": 0.5})
    curve = page_data([run])["runs"][0]["curve"]
    assert curve["counts"] == curve["shares"] == []
    assert "changed since" in curve["why_not"]


def test_a_run_without_a_known_truth_is_measured_by_what_it_found(run):
    edit_json(run / SUMMARY_FILE, exact=None)
    data = page_data([run])
    curve = data["runs"][0]["curve"]
    assert curve["counts"][-1] == 300
    assert curve["shares"][-1] == pytest.approx(1.0)
    assert (np.diff(curve["shares"]) >= -1e-12).all()
    assert (curve["truth"], curve["why_not"]) == ([], "")
    page = report_page(data, commands=["x"], page_command="y", title="t")
    assert "share of the final hypervolume; the exact front of this run is not known" in page


def test_genes_are_counted_part_by_part():
    operations = np.array([[0, 2], [0, 1], [1, 1], [0, 0], [1, 0], [1, 2]])
    order = np.array([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])  # so the last three rows come first
    groups = gene_groups(operations, order, np.array([1, 1, 2, 3, 3, 3]), n_choices=(2, 3))
    assert [group["n"] for group in groups] == [3, 3]
    assert (groups[0]["low"], groups[0]["high"]) == (1.0, 3.0)
    assert groups[0]["counts"] == [[1, 2], [2, 0, 1]]
    assert groups[1]["counts"] == [[2, 1], [0, 2, 1]]
    assert groups[1]["cuts"] == [1, 2]
    assert len(gene_groups(operations[:1], order[:1], np.array([1]), n_choices=(2, 3))) == 1


def uneven(config):
    """Two integers of other ranges."""

    class Uneven(Problem):
        def __init__(self):
            super().__init__(
                n_var=2, n_obj=2, xl=np.array([0, 10]), xu=np.array([3, 12]), vtype=int
            )

        def _evaluate(self, x, out, *args, **kwargs):
            out["F"] = np.stack([x.sum(axis=1), -x.sum(axis=1)], axis=1)

    return Uneven()


def test_each_gene_has_words_of_its_own(tmp_path, monkeypatch, data):
    monkeypatch.setenv("EVONASC_TRUST_CODE", "1")
    folder, words = tmp_path / "uneven", ["--budget", "12", "--no-plot", "--quiet"]
    assert main(["run", "--problem", f"{__name__}:uneven", *words, "--out", str(folder)]) == 0
    shown = page_data([folder])
    assert shown["choices"] == [["0", "1", "2", "3"], ["10", "11", "12"]]
    counts = shown["runs"][0]["groups"][0]["counts"]
    assert [len(one) for one in counts] == [4, 3]
    assert len(data["choices"]) == len(data["genes"])


def test_hostile_texts_stay_texts(run):
    scenario = json.loads((run / "config.json").read_text())["scenario"]
    edit_json(run / "config.json", scenario={**scenario, "name": HOSTILE})
    edit_json(run / SUMMARY_FILE, provenance=[HOSTILE], status=HOSTILE)
    data = page_data([run])
    data["runs"][0]["label"] = HOSTILE
    page = report_page(data, commands=[HOSTILE], page_command=HOSTILE, title=HOSTILE)
    assert "alert(1)</script>" not in page
    assert "<b>&" not in page
    shown = data_on(page)["runs"][0]
    assert shown["scenario"] == shown["label"] == shown["status"] == HOSTILE
    assert page.count("&lt;/script&gt;&lt;script&gt;alert(1)") >= 6


def test_the_page_needs_no_network(data):
    page = report_page(data, commands=["x"], page_command="y", title="t")
    outside = re.sub(r"<script>.*?</script>", "", page, flags=re.S)  # the library names its home
    assert not re.search(r"(src|href)=.?(https?:)?//", outside)
    assert "@import" not in outside
    assert "url(" not in outside
    assert "default-src 'none'" in outside
    (library,) = re.findall(r'<script type="text/plain" id="library">(.*?)</script>', page)
    unpacked = gzip.decompress(base64.b64decode(library))
    assert unpacked.count(b"plotly.js v") == 1
    # the policy lets it run as it is unpacked, and each of the page's own scripts
    digest = base64.b64encode(hashlib.sha256(unpacked).digest()).decode()
    assert f"'sha256-{digest}'" in page
    for script in re.findall(r"<script>(.*?)</script>", page, flags=re.S):
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in page
    assert len(page) < 2_200_000
    assert page == report_page(data, commands=["x"], page_command="y", title="t")


def test_a_missing_library_is_named_in_one_line(run, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    assert main(["report", str(run)]) == 2
    error = capsys.readouterr().err
    assert "plotly and jinja2. Install them with: pip install 'evonasc[report]'" in error
    assert error.count("\n") == 1
    assert not (run / "report.html").exists()
    with pytest.raises(MissingDependencyError, match="evonasc"):
        report_page({"runs": []}, commands=[], page_command="", title="")


def test_the_command_writes_a_page_of_several_runs(run, small_run, tmp_path, capsys):
    out = tmp_path / "new" / "page.html"
    assert main(["report", str(run), str(small_run), "--out", str(out), "--title", "Mine"]) == 0
    said = capsys.readouterr().out
    assert f"{out}, {out.stat().st_size / 1e6:.1f} MB" in said.replace("\n", "")
    page = out.read_text()
    assert [shown["label"] for shown in data_on(page)["runs"]] == ["run", "small"]
    assert "<title>Mine</title>" in page
    assert "--title Mine" in page


def test_runs_that_cannot_stand_side_by_side_are_refused(run, small_run, tmp_path, capsys):
    edit_json(run / "config.json", objectives=["error", "payload_bytes"])
    assert main(["report", str(small_run), str(run)]) == 2
    assert "must have the same objectives error, latency_ms" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="must be named once"):
        run_labels([run, Path(str(run) + "/.")])
    assert main(["report", str(small_run), "--out", str(tmp_path / "page.pdf")]) == 2
    assert "out must be an HTML file" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "none")]) == 2


def test_a_page_holds_so_many_designs_at_most(small_run, data, monkeypatch):
    monkeypatch.setattr("evonasc.analysis.page_data._MOST_DESIGNS", 5)
    (shown,), (whole,) = page_data([small_run])["runs"], data["runs"]
    ids, every = shown["designs"]["id"], whole["designs"]["id"]
    assert len(whole["front"]) > 5
    assert len(ids) == len(shown["front"]) == 5
    assert shown["n_front"] == whole["n_front"] == len(whole["front"])
    assert shown["n_left_out"] == len(every) - 5
    assert whole["n_left_out"] == 0
    for end in (0, -1):  # both ends of the front are kept
        assert ids[shown["front"][end]] == every[whole["front"][end]]
    assert set(ids) < set(every)
    page = report_page(page_data([small_run]), commands=["x"], page_command="y", title="t")
    assert f"{shown['n_left_out']} designs are left out" in page


def test_two_runs_that_differ_look_different(run, small_run):
    config = json.loads((run / "config.json").read_text())
    config["search"]["pop_size"], config["scenario"]["uplink_mbps"] = 30, 7.0
    (run / "config.json").write_text(json.dumps(config))
    data = page_data([run, small_run])
    assert [shown["otherwise"] for shown in data["runs"]] == [
        ["scenario.uplink_mbps 7.0", "search.pop_size 30"],
        ["scenario.uplink_mbps 10.0", "search.pop_size 20"],
    ]
    page = report_page(data, commands=["x", "y"], page_command="z", title="t")
    assert ">scenario.uplink_mbps 7.0, search.pop_size 30<" in page


def test_runs_that_do_not_differ_have_no_column_for_it(data):
    assert data["runs"][0]["otherwise"] == []
    page = report_page(data, commands=["x"], page_command="y", title="t")
    assert "set otherwise" not in page


def test_folders_of_one_name_are_told_apart(tmp_path):
    assert run_labels([tmp_path / "a" / "run", tmp_path / "b"]) == ["run", "b"]
    paths = [tmp_path / "a" / "run", tmp_path / "b" / "run"]
    assert run_labels(paths) == [str(path.resolve()) for path in paths]


def test_a_front_of_other_designs_is_refused(run):
    rows = (run / "front.csv").read_text().splitlines()
    number, *rest = rows[1].split(",")
    rows[1] = ",".join([str(int(number) % 300 + 1), *rest])
    (run / "front.csv").write_text("\n".join(rows) + "\n")
    with pytest.raises(DataFileError, match="must hold designs of evaluations.csv"):
        page_data([run])


def test_a_problem_without_a_link_has_a_page_without_a_rate(tmp_path):
    folder = tmp_path / "toy"
    words = ["run", "--problem", "toy", "--budget", "100", "--no-plot", "--quiet"]
    assert main([*words, "--out", str(folder)]) == 0
    (shown,) = page_data([folder])["runs"]
    assert shown["link"] is None
    assert shown["contenders"] == []
    assert shown["front"]
    assert main(["report", str(folder)]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["--budget", "40", "--seed", "5"],
        ["--algo", "random", "--budget", "30", "--refine-split", "--uplink-mbps", "7.3"],
        pytest.param(["--budget", "30", "--problem", "toy"], marks=pytest.mark.slow),
        ["--budget", "30", "--no-retransmit", "--packet-loss", "0.1", "--payload-bits", "4,8"],
    ],
)
def test_the_command_of_a_run_repeats_it(words, tmp_path):
    folders = tmp_path / "first", tmp_path / "second"
    quiet = ["--no-plot", "--quiet", "--out"]
    assert main(["run", *words, *quiet, str(folders[0])]) == 0
    program, *again = shlex.split(run_command(read_config(folders[0])))
    assert program == "evonasc"
    assert main([*again, *quiet, str(folders[1])]) == 0
    for name in ("config.json", "evaluations.csv", "front.csv"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_the_command_of_a_problem_that_reads_no_scenario_names_none():
    config = RunConfig(problem="toy", search=SearchConfig(budget=30))
    assert "--scenario" not in run_command(config)
    assert "--space" not in run_command(config)
    assert "--scenario" in run_command(RunConfig())


def test_every_option_of_a_configuration_is_written():
    """Parsed by the command itself, so an option it does not know fails here."""
    from argparse import ArgumentParser

    from evonasc.cli.run import add_arguments

    parser = ArgumentParser()
    add_arguments(parser)
    search = SearchConfig(
        algorithm="hwnas",
        budget=7,
        pop_size=9,
        seed=11,
        refine_split=True,
        n_thresholds=4,
        threshold_rule="penalty",
        penalty_weight=0.1,
        is_warm=False,
        n_samples=4,
        patience=8,
        fixed_cut=3,
    )
    base = named_scenario("pixel3-busygpu-20mbps-lte")
    config = RunConfig(
        scenario=replace(base, head_power_mw=None, max_payload_bytes=1e4, retransmit=False),
        error=ErrorChoice(
            "live", LiveOptions(data_root=Path("-my data"), n_images=50, device="cpu")
        ),
        error_resolution=0.008,
        bounds=(Bound("latency_ms", 12.25), Bound("energy_mj", 50.0, margin=0.07)),
        margin=1.5,
        search=search,
    )
    given = vars(parser.parse_args(shlex.split(run_command(config))[2:]))
    for field in fields(SearchConfig):
        assert given[field.name] == getattr(search, field.name), field.name
    for name in ("error_resolution", "problem", "space"):
        assert given[name] == getattr(config, name), name
    assert (given["max"], given["margin"]) == (["latency_ms=12.25", "energy_mj=50.0"], 1.5)
    assert (given["accuracy"], given["data_root"]) == ("live", Path("-my data"))
    assert (given["scenario"], given["set_retransmit"]) == (base.name, False)
    assert (given["set_max_payload_bytes"], given["images"]) == ("10000.0", 50)
