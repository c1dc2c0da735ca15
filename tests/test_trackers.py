import sys
from typing import ClassVar

import pytest

from evonasc import RunConfig, SearchConfig, run
from evonasc.cli import main
from evonasc.errors import ConfigError, MissingDependencyError
from evonasc.runs import trackers
from evonasc.runs.progress import SearchProgress
from evonasc.runs.trackers import Tracker

TOY = RunConfig(problem="toy", search=SearchConfig(budget=120, pop_size=20))


def scalars(folder):
    module = "tensorboard.backend.event_processing.event_accumulator"
    events = pytest.importorskip(module).EventAccumulator(str(folder))
    events.Reload()
    return {
        tag: [(one.step, one.value) for one in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def measured(config):
    found, progress = [], SearchProgress()
    run(config, on_batch=lambda archive, generation: found.append(dict(progress.measures(archive))))
    return found


def test_the_hypervolume_starts_at_one_and_never_falls():
    found = measured(TOY)
    volumes = [one["hypervolume"] for one in found]
    assert volumes[0] == 1.0
    assert volumes == sorted(volumes)
    assert volumes[-1] > 1.01
    assert [one["evaluated"] for one in found] == [20.0 * i for i in range(1, 7)]
    assert found[-1]["least_error"] <= found[0]["least_error"]
    assert found == measured(TOY)


def test_before_a_design_keeps_to_the_bounds_there_is_no_hypervolume():
    from evonasc.bounds import Bound

    config = RunConfig(
        problem="toy", search=SearchConfig(budget=40), bounds=(Bound("latency_ms", -1.0),)
    )
    assert set(measured(config)[-1]) == {"evaluated", "failed", "front"}


def test_tensorboard_gets_every_batch(tmp_path, capsys):
    words = ["run", "--problem", "toy", "--budget", "120", "--pop-size", "20", "--no-plot"]
    words += ["--quiet", "--out", str(tmp_path / "r"), "--log-to", f"tensorboard:{tmp_path / 't'}"]
    pytest.importorskip("tensorboard")
    assert main(words) == 0
    found = scalars(tmp_path / "t" / "r")
    expected = measured(TOY)
    for name in ("evaluated", "front", "hypervolume", "least_error", "least_latency_ms"):
        assert [step for step, _ in found[name]] == [20, 40, 60, 80, 100, 120]
        assert [value for _, value in found[name]] == pytest.approx(
            [one[name] for one in expected], rel=1e-6
        )


class Client:
    """What the callback uses of mlflow's client, kept."""

    runs: ClassVar[list[dict]] = []

    def __init__(self, *, tracking_uri):
        self.seen = {"uri": tracking_uri, "metrics": [], "params": {}}
        Client.runs.append(self.seen)

    def get_experiment_by_name(self, name):
        return None

    def create_experiment(self, name):
        return "7"

    def create_run(self, experiment, *, run_name):
        self.seen["name"] = run_name
        return type("Run", (), {"info": type("Info", (), {"run_id": "1"})})

    def log_batch(self, run, *, metrics=(), params=()):
        if len(self.seen["metrics"]) > 20:
            raise OSError("the server went away\nand more")
        self.seen["metrics"] += metrics
        self.seen["params"] |= dict(params)

    def set_terminated(self, run, status):
        self.seen["status"] = status


@pytest.fixture
def client(monkeypatch):
    modules = {
        "mlflow": type("Module", (), {"MlflowClient": Client}),
        "mlflow.entities": type(
            "Entities",
            (),
            {
                "Param": lambda key, value: (key, value),
                "Metric": lambda key, value, now, step: (key, value, step),
            },
        ),
    }
    monkeypatch.setattr(trackers, "import_module", modules.__getitem__)
    Client.runs = []
    return Client


def test_mlflow_gets_settings_and_measures_and_may_go_away(client):
    with Tracker("mlflow:http://host", TOY, name="mine") as tracker:
        result = run(TOY, on_batch=tracker)
    assert len(result.genes) == 120  # the search went on
    assert tracker.problem == "Cannot log to mlflow:http://host: the server went away"
    (seen,) = client.runs
    assert (seen["uri"], seen["name"], seen["status"]) == ("http://host", "mine", "FINISHED")
    assert seen["params"]["search.algorithm"] == "nsga2"
    assert ("evaluated", 20.0, 20) in seen["metrics"]


def test_a_search_that_fails_is_called_failed(client):
    def stumble():
        with Tracker("mlflow:http://host", TOY, name="mine"):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        stumble()
    assert client.runs[0]["status"] == "FAILED"


@pytest.mark.parametrize("target", ["tensorboard", "tensorboard:", "wandb:x", "", ":"])
def test_other_targets_are_refused(target):
    with pytest.raises(ConfigError, match="log-to must be tensorboard:DIR or mlflow:URI"):
        Tracker(target, TOY, name="x")


@pytest.mark.parametrize("kind", ["tensorboard", "mlflow"])
def test_a_package_that_is_missing_is_named(kind, monkeypatch, tmp_path):
    for name in [*sys.modules]:
        if name.split(".")[0] == kind:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, kind, None)
    with pytest.raises(MissingDependencyError, match=rf"Install evonasc\[{kind}\]"):
        Tracker(f"{kind}:{tmp_path}", TOY, name="x")
