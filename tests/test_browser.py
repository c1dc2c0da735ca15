"""The report page in a real browser: it loads, computes the fronts the package computes, and obeys.

Skipped where no Chromium is found; ``scripts/browser-test`` installs one.
"""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from evonasc.analysis.rate_sweep import (
    front_at,
    link_parts,
    sweep_bounds,
    sweep_objectives,
)
from evonasc.cli import main
from evonasc.cost.energy import DevicePower
from evonasc.runs.folder import read_config, read_summary, read_table

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.slow

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        found = next((path for name in _NAMES if (path := shutil.which(name))), None)
        path = found or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("no Chromium found; scripts/browser-test installs one")
        # Chromium refuses its sandbox to root, as whom tests run in containers.
        with playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]) as running:
            yield running


@pytest.fixture(scope="module")
def runs(small_run, tmp_path_factory):
    """Return two runs of three objectives, delay and losses, one under bounds and hostile names."""
    folder = tmp_path_factory.mktemp("report")
    words = ["--objectives", "latency_ms,energy_mj,error", "--one-way-delay-ms", "3.7"]
    words += ["--packet-loss", "0.05", "--budget", "150", "--no-plot", "--quiet"]
    for seed, more in (("1", []), ("2", ["--max", "latency=60", "--max", "tail_ms=6"])):
        out = ["--seed", seed, "--out", str(folder / f"seed{seed}")]
        assert main(["run", *words, *more, *out]) == 0
    path = folder / "seed2" / "config.json"
    values = json.loads(path.read_text())
    values["scenario"]["name"] = _HOSTILE
    path.write_text(json.dumps(values))
    shutil.copytree(small_run, folder / "small")
    return folder


class Opened:
    """A page, and what it said and asked for."""

    def __init__(self, browser, path):
        self.messages, self.requests = [], []
        self.page = browser.new_page(viewport={"width": 1280, "height": 800})
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("dialog", lambda dialog: self.messages.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("body[data-ready=yes]")

    def set_rate(self, mbps):
        self.page.fill("#rate-exact", repr(mbps))
        self.page.press("#rate-exact", "Tab")
        self.page.wait_for_function(
            "text => document.getElementById('status').textContent.includes(text)",
            arg=f" at {mbps:.4g} Mbit/s",
        )

    def ids(self, run=0):
        """Return the designs in the table."""
        rows = self.page.locator(f'#table-box tr[data-key^="{run}:"]')
        n_before = 2 if self.page.locator("#genes-controls").is_visible() else 1
        return [
            int(rows.nth(i).locator("td").nth(n_before).inner_text()) for i in range(rows.count())
        ]


@pytest.fixture(scope="module")
def alone(browser, runs):
    assert main(["report", str(runs / "small")]) == 0
    opened = Opened(browser, runs / "small" / "report.html")
    yield opened
    opened.page.close()


@pytest.fixture(scope="module")
def both(browser, runs):
    words = [str(runs / "seed1"), str(runs / "seed2"), "--out", str(runs / "both.html")]
    assert main(["report", *words, "--title", _HOSTILE]) == 0
    opened = Opened(browser, runs / "both.html")
    yield opened
    opened.page.close()


def front_ids(folder, mbps):
    """Return the front at a rate as the package computes it from every design of the run."""
    rows, config = read_table(folder / "evaluations.csv"), read_config(folder)
    columns = {
        name: np.array([float(row[name]) for row in rows])
        for name in rows[0]
        if name not in ("id", "arch_str", "split_point", "payload_bits")
    }
    power = read_summary(folder)["power"]
    parts = link_parts(
        columns, config.scenario, power=None if power is None else DevicePower(**power)
    )
    objectives = sweep_objectives(config.objectives)
    bounds = sweep_bounds(config.bounds, deadline_ms=config.scenario.deadline_ms)
    front = front_at(parts, mbps, objectives, bounds)
    return [int(rows[row]["id"]) for row in front]


@pytest.mark.parametrize("mbps", [0.25, 3.0, 10.0, 47.11, 900.0])
def test_the_page_computes_the_fronts_of_the_package(mbps, alone, both, runs):
    alone.set_rate(mbps)
    assert alone.ids() == front_ids(runs / "small", mbps)
    both.set_rate(mbps)
    for place, name in enumerate(("seed1", "seed2")):
        assert both.ids(place) == front_ids(runs / name, mbps)


def test_the_slider_moves_the_front_and_the_button_brings_it_back(alone, runs):
    page = alone.page
    page.click("#own-rate")
    page.wait_for_timeout(100)
    own = [int(row["id"]) for row in read_table(runs / "small" / "front.csv")]
    assert alone.ids() == own
    page.focus("#rate")
    page.keyboard.press("End")
    page.wait_for_function("document.getElementById('rate-exact').value === '1000'")
    page.wait_for_timeout(100)
    assert alone.ids() == front_ids(runs / "small", 1000.0) != own
    page.click("#own-rate")
    page.wait_for_timeout(100)
    assert alone.ids() == own


def test_pointing_at_a_design_names_network_cut_and_parts(alone, runs):
    page = alone.page
    page.click("#own-rate")
    page.wait_for_timeout(100)
    row = read_table(runs / "small" / "front.csv")[-1]  # the rightmost: nothing lies above it
    places = page.evaluate(
        """() => { const f = document.getElementById("front-figure"); const l = f._fullLayout;
        const t = f.data.filter((one) => one.customdata).at(-1); const i = t.x.length - 1;
        const b = f.getBoundingClientRect();
        return [b.x + l.xaxis._offset + l.xaxis.d2p(t.x[i]),
                b.y + l.yaxis._offset + l.yaxis.d2p(t.y[i])]; }"""
    )
    page.mouse.move(places[0] - 30, places[1] - 30)
    page.mouse.move(*places)
    page.wait_for_selector("#front-figure .hoverlayer .hovertext")
    text = page.locator("#front-figure .hoverlayer .hovertext").text_content()
    assert f"design {row['id']}: " in text
    assert "cut after 19 all local" in text
    parts = [float(row[f"{name}_ms"]) for name in ("head", "uplink", "tail")]
    assert math.fsum(parts) == pytest.approx(float(row["latency_ms"]))
    head, uplink, tail = parts
    assert f"head {head:.2f} + uplink {uplink:.2f} + tail {tail:.2f} = " in text
    page.mouse.click(*places)
    page.wait_for_selector('#table-box tr[aria-selected="true"]')
    chosen = page.locator('#table-box tr[aria-selected="true"] td').nth(1).inner_text()
    assert chosen == row["id"]
    page.click("#clear")


def test_rows_are_chosen_by_keyboard_and_marked_in_the_figure(alone):
    page = alone.page
    page.locator('#table-box tr[tabindex="0"]').focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    rows = page.locator("#table-box tbody tr")
    assert [rows.nth(i).get_attribute("aria-selected") for i in range(3)] == [
        "false", "true", "false",
    ]  # fmt: skip
    assert page.evaluate("document.activeElement.rowIndex") == 2  # below the heading
    shown = page.evaluate(
        "document.getElementById('front-figure').data.find((t) => t.name === 'selected').x.length"
    )
    assert shown == 1
    page.click("#clear")
    assert page.locator('#table-box tr[aria-selected="true"]').count() == 0


@pytest.mark.parametrize("size", [(1280, 800), (900, 700), (1600, 1000)])
def test_nothing_overlaps_and_nothing_runs_over_the_edge(size, alone, both):
    for opened in (alone, both):
        opened.page.set_viewport_size({"width": size[0], "height": size[1]})
        opened.page.wait_for_timeout(300)  # plotly redraws after a pause
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= size[0]
        boxes = [
            opened.page.locator(name).bounding_box()
            for name in ("#rate-controls", "#status", "#front-figure", "#table-box")
        ]
        boxes += [
            opened.page.locator(f"#{name}-figure").bounding_box() for name in ("curve", "genes")
        ]
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                apart = (
                    one["x"] + one["width"] <= other["x"] + 0.5
                    or other["x"] + other["width"] <= one["x"] + 0.5
                    or one["y"] + one["height"] <= other["y"] + 0.5
                    or other["y"] + other["height"] <= one["y"] + 0.5
                )
                assert apart


def test_no_message_no_request_no_foreign_script(alone, both):
    """Runs last in this file: whatever the tests before did must have been silent too."""
    for opened in (alone, both):
        assert opened.messages == []
        assert len(opened.requests) == 1
        assert opened.requests[0].startswith("file://")
    assert both.page.locator("h1").inner_text() == _HOSTILE
    assert both.page.locator("img").count() == 0


def test_a_problem_without_blocks_is_shown_in_its_own_words(browser, tmp_path, monkeypatch):
    (tmp_path / "sums_for_browser.py").write_text(
        "import numpy as np\n"
        "from pymoo.core.problem import Problem\n"
        "class Sums(Problem):\n"
        "    def __init__(self):\n"
        "        super().__init__(n_var=4, n_obj=2, xl=0, xu=3, vtype=int)\n"
        "    def _evaluate(self, X, out, *args, **kwargs):\n"
        "        out['F'] = np.stack([X.sum(1), ((3 - X) ** 2).sum(1)], 1).astype(float)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("EVONASC_TRUST_CODE", "1")
    words = ["run", "--problem", "sums_for_browser:Sums", "--budget", "60", "--no-plot", "--quiet"]
    assert main([*words, "--out", str(tmp_path / "run")]) == 0
    assert main(["report", str(tmp_path / "run")]) == 0
    opened = Opened(browser, tmp_path / "run" / "report.html")
    text = opened.page.inner_text("body")
    headings = opened.page.locator("#table-box th").all_inner_texts()
    opened.page.close()
    assert headings == ["", "id", "design", "f1", "f2"]
    for word in ("cut", "network", "raw input", "scenario raspi4"):
        assert word not in text.replace("network-", "")
    assert "share of the final hypervolume" in text
    assert opened.messages == []
