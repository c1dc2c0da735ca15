"""What the report page shows of finished runs, as JSON holds it; nothing here draws.

A run's designs are cut down to those of its front and those that can be on a front at some rate of
the uplink (:func:`evonasc.analysis.rate_sweep.contenders`, exact). For each of them the page gets
head, tail and payload, and computes the time on the link itself, by the formula of
:mod:`evonasc.cost.link`: so the front at any rate is computed where it is read.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evonasc.analysis.indicators import Reference, evaluation_counts, hypervolume_curve
from evonasc.analysis.rate_sweep import contenders, link_parts, sweep_objectives
from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.cuts import design_space
from evonasc.cost.energy import RADIO_POWER_MW, head_power_mw
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, DataFileError, EvonascError
from evonasc.problems.base import coarse_error
from evonasc.runs.exact_cache import true_front
from evonasc.runs.finished import FinishedRun, StoredDesigns, read_designs, read_finished
from evonasc.runs.folder import (
    CONFIG_FILE,
    EVALUATIONS_FILE,
    FRONT_FILE,
    SUMMARY_FILE,
    read_summary,
)
from evonasc.runs.run import RunConfig, make_problem
from evonasc.runs.trials import Trial
from evonasc.space import DesignSpace, SearchSpace

#: Columns that the time on a link is computed from.
_PARTS = ("error", "head_ms", "tail_ms", "payload_bytes")
#: Points of the hypervolume curve, and groups that a front is divided into, at most.
_MOST_COUNTS, _MOST_GROUPS = 60, 4
#: Designs of the front that a group should hold.
_GROUP_SIZE = 3


@dataclass(frozen=True)
class Curve:
    """Hypervolume of a run after so many evaluations, or why there is no such curve."""

    #: ``(n,)`` distinct designs evaluated, and the share of the true front's hypervolume.
    counts: IntArray
    shares: FloatArray
    #: ``(m, n_obj)`` the true front.
    truth: FloatArray
    #: For people; empty where the curve is known.
    why_not: str = ""


def page_data(folders: Sequence[Path]) -> dict[str, Any]:
    """Return everything that the page shows of runs.

    Keys: ``problem``, ``space``, ``objectives``, ``network_key`` (how networks are written),
    ``genes`` (names), ``operations`` (names), ``rates`` (least and greatest of the slider, Mbit/s)
    and ``runs``, see :func:`_run_data`.

    Args:
        folders: Of at least one run; of one problem and space, and of the same objectives.

    Raises:
        ConfigError: The runs are not of one kind, one did not end, or found nothing.
        DataFileError: A folder holds no run, or a damaged one.
    """
    runs = [read_finished(folder) for folder in folders]
    first = runs[0].config
    for folder, run in zip(folders, runs, strict=True):
        _require_alike(first, run.config, folder)
    space = runs[0].space
    labels = run_labels(folders)
    shown = [
        _run_data(folder, run, label)
        for folder, run, label in zip(folders, runs, labels, strict=True)
    ]
    own_rates = [run.config.scenario.uplink_mbps for run in runs]
    return {
        "problem": first.problem,
        "space": first.space,
        "objectives": list(first.objectives),
        "network_key": space.short_text_key,
        "genes": list(space.gene_words),
        "operations": [space.choice_in_words(0, value) for value in range(max(space.n_choices))],
        "rates": [min(0.1, min(own_rates) / 10), max(1000.0, max(own_rates) * 10)],
        "runs": shown,
    }


def run_labels(folders: Sequence[Path]) -> list[str]:
    """Name runs by their folders; by the whole path where two folders have one name."""
    names = [folder.resolve().name for folder in folders]
    paths = [str(folder.resolve()) for folder in folders]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise ConfigError(f"Each run must be named once, got {twice} again.")
    return names if len(set(names)) == len(names) else paths


def _require_alike(first: RunConfig, other: RunConfig, folder: Path) -> None:
    """Refuse runs that cannot be shown side by side."""
    if (other.problem, other.space) != (first.problem, first.space):
        raise ConfigError(
            f"Runs on one page must be of one problem and space, {first.problem} on {first.space}, "
            f"got {other.problem} on {other.space} in {folder}."
        )
    if other.objectives != first.objectives:
        raise ConfigError(
            f"Runs on one page must have the same objectives {', '.join(first.objectives)}, got "
            f"{', '.join(other.objectives)} in {folder}."
        )


def _run_data(folder: Path, run: FinishedRun, label: str) -> dict[str, Any]:
    """Return what the page shows of a run.

    ``designs`` and ``values`` hold one entry a design, ``front`` and ``contenders`` are places
    among them. ``link`` is None where no time on a link is known, ``energy`` where no energy is.
    """
    config, space = run.config, run.space
    summary = read_summary(folder)
    if summary is None:  # read_finished found one a moment ago
        raise DataFileError(f"{folder / SUMMARY_FILE} is missing.")
    space_of_designs = _designs(config, space)
    stored = read_designs(folder, space_of_designs)
    front = _front_places(folder, run, stored)
    seen = _seen_columns(stored, config)
    can_move = set(_PARTS) <= set(stored.columns)
    objectives = sweep_objectives(config.objectives) if can_move else config.objectives
    always = (
        contenders(link_parts(seen, config.scenario), objectives)
        if can_move
        else np.array([], dtype=np.int64)
    )
    rows = np.union1d(front, always)
    operations = space_of_designs.operations(stored.genes[rows])
    cuts = space_of_designs.split_point(stored.genes[rows]).tolist()
    curve = hypervolume_history(run, stored, summary)
    return {
        "label": label,
        "folder": str(folder),
        "scenario": config.scenario.name,
        "algorithm": config.search.algorithm,
        "seed": config.search.seed,
        "budget": config.search.budget,
        **{name: summary[name] for name in ("status", "n_evaluated", "seconds", "exact")},
        "provenance": [str(line) for line in summary["provenance"]],
        "versions": {str(k): str(v) for k, v in dict(summary.get("versions") or {}).items()},
        "files": _digests(folder),
        "rate_mbps": config.scenario.uplink_mbps if config.scenario.link == "fixed" else None,
        "link": _link(config.scenario) if can_move else None,
        "energy": _energy(config.scenario) if can_move and "energy_mj" in seen else None,
        "error_resolution": config.error_resolution,
        "rate_objectives": list(objectives),
        "designs": {
            "id": stored.ids[rows].tolist(),
            "network": space.to_short_text(operations),
            "network_in_full": space.to_text(operations),
            "cut": cuts,
            "cut_after": [space.cut_in_words(cut) for cut in cuts],
            "bits": _bits(space_of_designs.bits(stored.genes[rows])[:, 0].tolist(), cuts, space),
        },
        "values": {name: values[rows].tolist() for name, values in stored.columns.items()},
        "searched_error": seen["error"][rows].tolist() if "error" in seen else None,
        "front": np.searchsorted(rows, front).tolist(),
        "contenders": np.searchsorted(rows, always).tolist(),
        "curve": {
            "counts": curve.counts.tolist(),
            "shares": curve.shares.tolist(),
            "truth": curve.truth.tolist(),
            "why_not": curve.why_not,
        },
        "groups": gene_groups(
            space_of_designs.operations(stored.genes[front]),
            run.columns[config.objectives[0]],
            space_of_designs.split_point(stored.genes[front]),
            n_choices=space.n_choices,
        ),
    }


def _designs(config: RunConfig, space: SearchSpace) -> DesignSpace:
    """Return the designs of a run; the data of the default problem's errors is not needed."""
    if config.problem == "split-nas":
        return design_space(config.scenario, space)
    return make_problem(config).designs


def _front_places(folder: Path, run: FinishedRun, stored: StoredDesigns) -> IntArray:
    """Return where the front's designs stand among all, in the order of the front."""
    try:
        ids = [int(row["id"]) for row in run.rows]
    except (KeyError, TypeError, ValueError) as error:
        raise DataFileError(f"{folder / FRONT_FILE} must have a column id.") from error
    places = np.array([stored.row_of(number) for number in ids])
    for name, values in run.columns.items():
        if name not in stored.columns or not np.array_equal(stored.columns[name][places], values):
            raise DataFileError(
                f"{folder / FRONT_FILE} must hold designs of {EVALUATIONS_FILE}, got another "
                f"{name} there. Run it again."
            )
    return places


def _seen_columns(stored: StoredDesigns, config: RunConfig) -> dict[str, FloatArray]:
    """Return the columns as the search compared them: the error at its resolution."""
    if "error" not in stored.columns:
        return stored.columns
    error = coarse_error(stored.columns["error"], resolution=config.error_resolution)
    return {**stored.columns, "error": error}


def _link(scenario: Scenario) -> dict[str, float | bool]:
    """Return what :func:`evonasc.cost.link.uplink_ms` takes from a scenario, but for the rate."""
    return {
        "one_way_delay_ms": scenario.one_way_delay_ms,
        "packet_room_bytes": scenario.packet_room_bytes,
        "packet_header_bytes": scenario.packet_header_bytes,
        "packet_loss": scenario.packet_loss,
        "retransmit": scenario.retransmit,
    }


def _energy(scenario: Scenario) -> dict[str, float]:
    """Return what :func:`evonasc.cost.energy.energy_mj` takes from a scenario, but for the rate."""
    slope, base = RADIO_POWER_MW[scenario.radio]
    return {
        "head_mw": head_power_mw(scenario),
        "radio_mw_per_mbps": slope,
        "radio_mw": base,
    }


def hypervolume_history(run: FinishedRun, stored: StoredDesigns, summary: dict[str, Any]) -> Curve:
    """Return the share of the true front's hypervolume that a run held while it went on.

    The true front comes from the run's problem as it is today. Where that front, or the share it
    gives the whole run, is not what the run noted, something changed since and there is no curve.

    Args:
        run: Finished.
        stored: All that it evaluated, in order.
        summary: Of the run.
    """
    config = run.config
    none = np.zeros(0)
    noted = summary.get("exact")
    if noted is None:
        why = "The true front of this run is not known."
        return Curve(none.astype(np.int64), none, none, why)
    try:
        exact = true_front(make_problem(config))
    except EvonascError as error:
        why = f"The true front cannot be computed here: {error}"
        return Curve(none.astype(np.int64), none, none, why)
    names = config.objectives
    points = config.searched(np.stack([stored.columns[name] for name in names], axis=1))
    counts = evaluation_counts(len(points), most=_MOST_COUNTS)
    if exact is not None:
        trial = Trial(
            genes=stored.genes,
            points=points,
            answers=np.zeros((0, len(names))),
            n_requested=len(points),
            seconds=float(summary["seconds"]),
        )
        truth = np.unique(exact.points, axis=0)
        shares = hypervolume_curve(trial, Reference(truth, is_exact=True), counts=counts)
        is_same = np.isclose(shares[-1], noted["hypervolume_share"], rtol=1e-6)
        if is_same and len(truth) == noted["n_points"]:
            return Curve(counts, shares, truth)
    why = (
        "The true front of today is not the one the run was set against: a table or evonasc "
        "changed since. Run it again."
    )
    return Curve(none.astype(np.int64), none, none, why)


def gene_groups(
    operations: IntArray, order: FloatArray, cuts: IntArray, *, n_choices: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Divide a front along its first objective, and count what each gene is in each part.

    The parts are of nearly equal size, four at most and three designs each at least, where the
    front is long enough. Keys of a part: ``n``, ``low`` and ``high`` (of the first objective),
    ``cuts`` (those that occur), ``counts`` (one list a gene, one count a choice).

    Args:
        operations: ``(n, n_operation_genes)`` of the front.
        order: ``(n,)`` first objective.
        cuts: ``(n,)`` split points.
        n_choices: Choices of each gene.
    """
    by_order = np.argsort(order, kind="stable")
    n_groups = max(1, min(_MOST_GROUPS, len(by_order) // _GROUP_SIZE))
    return [
        {
            "n": len(rows),
            "low": float(order[rows].min()),
            "high": float(order[rows].max()),
            "cuts": np.unique(cuts[rows]).tolist(),
            "counts": [
                np.bincount(operations[rows, gene], minlength=choices).tolist()
                for gene, choices in enumerate(n_choices)
            ],
        }
        for rows in np.array_split(by_order, n_groups)
    ]


def _bits(bits: list[int], cuts: list[int], space: SearchSpace) -> list[str]:
    """Return the payload's width where a tensor is sent, a dash elsewhere."""
    return [
        str(width) if 0 < cut < space.n_blocks else "-"
        for width, cut in zip(bits, cuts, strict=True)
    ]


def _digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the files that the page was made from."""
    names = (CONFIG_FILE, EVALUATIONS_FILE, FRONT_FILE, SUMMARY_FILE)
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
