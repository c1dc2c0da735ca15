"""What the report page shows of finished runs, as JSON holds it; nothing here draws.

A run's designs are cut down to those of its front and those that can be on a front at some rate of
the uplink (:func:`evonasc.analysis.rate_sweep.contenders`, exact). For each of them the page gets
head, tail and payload, and computes the time on the link itself, by the formula of
:mod:`evonasc.cost.link`: so the front at any rate is computed where it is read.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evonasc.analysis.page_curve import hypervolume_history
from evonasc.analysis.rate_sweep import (
    NEEDED,
    contenders,
    link_parts,
    sweep_bounds,
    sweep_objectives,
)
from evonasc.analysis.report import found_words
from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.energy import DevicePower
from evonasc.errors import ConfigError, DataFileError
from evonasc.problems.coarse_error import coarse
from evonasc.runs.config import RunConfig
from evonasc.runs.differences import changed_inputs, differences
from evonasc.runs.digests import path_digest
from evonasc.runs.finished import FinishedRun, StoredDesigns, load_run, read_designs, require_alike
from evonasc.runs.folder import (
    CONFIG_FILE,
    EVALUATIONS_FILE,
    EXACT_FILE,
    FRONT_FILE,
    SUMMARY_FILE,
    read_summary,
)
from evonasc.runs.problem_table import place_in_words
from evonasc.runs.record import read_object
from evonasc.runs.stored_space import StoredSpace
from evonasc.space import SearchSpace

#: What a :class:`evonasc.cost.link.FixedLink` has of a scenario, but for the rate.
_LINK = (
    "one_way_delay_ms",
    "packet_room_bytes",
    "packet_header_bytes",
    "packet_loss",
    "retransmit",
)
#: The powers that an energy at any rate is made of.
_NOTED = ("head_mw", "radio_mw_per_mbps", "radio_mw")
_ENERGY = (*_NOTED, "idle_mw")
#: Groups that a front is divided into, at most.
_MOST_GROUPS = 4
#: Designs of a run that the page holds, at most.
_MOST_DESIGNS = 2000
#: Settings that the table of runs has a column for.
_IN_COLUMNS = ("scenario.name", "search.algorithm", "search.seed", "search.budget")
#: Designs of the front that a group should hold.
_GROUP_SIZE = 3


def page_data(folders: Sequence[Path]) -> dict[str, Any]:
    """Return everything that the page shows of runs.

    Keys: ``problem``, ``space``, ``objectives``, ``network_key`` (how networks are written),
    ``network_word`` (what they are called), ``has_cuts`` (whether they are of blocks),
    ``genes`` (names), ``choices`` (names, a list a gene), ``rates`` (least and greatest of the
    slider, Mbit/s) and ``runs``, see :func:`_run_data`.

    Args:
        folders: Of at least one run; of one problem and space, and of the same objectives.

    Raises:
        ConfigError: The runs are not of one kind, or one found nothing.
        DataFileError: A folder holds no run, or a damaged one.
    """
    runs = [load_run(folder) for folder in folders]
    configs = [run.config for run in runs]
    require_alike(dict(zip(folders, configs, strict=True)), where="on one page")
    first, space = configs[0], runs[0].space
    labels = run_labels(folders)
    shown = [
        _run_data(folder, run, label)
        for folder, run, label in zip(folders, runs, labels, strict=True)
    ]
    documents = [read_object(folder / CONFIG_FILE, folder=folder) for folder in folders]
    changed = changed_inputs([read_summary(folder)["inputs"] or {} for folder in folders])
    for run, others, inputs in zip(shown, differences(documents), changed, strict=True):
        settings = [f"{k} {v}" for k, v in others.items() if k not in _IN_COLUMNS]
        run["otherwise"] = settings + inputs
    own_rates = [config.scenario.uplink_mbps for config in configs]
    return {
        "problem": first.problem,
        "space": first.space,
        "objectives": list(first.objectives),
        "network_key": space.short_text_key,
        "network_word": space.network_word,
        "has_cuts": space.n_blocks > 0,
        "genes": list(space.gene_words) if _has_genes(space) else [],
        "choices": [
            [space.choice_in_words(gene, value) for value in range(n_choices)]
            for gene, n_choices in enumerate(space.n_choices if _has_genes(space) else ())
        ],
        "rates": [min(0.1, min(own_rates) / 10), max(1000.0, max(own_rates) * 10)],
        "runs": shown,
    }


def _has_genes(space: SearchSpace) -> bool:
    """Tell whether the genes of networks are known, or only what a run wrote of them."""
    return not isinstance(space, StoredSpace)


def run_labels(folders: Sequence[Path]) -> list[str]:
    """Name runs by their folders; by the whole path where two folders have one name."""
    names = [folder.resolve().name for folder in folders]
    paths = [str(folder.resolve()) for folder in folders]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise ConfigError(f"Each run must be named once, got {twice} again.")
    return names if len(set(names)) == len(names) else paths


def _run_data(folder: Path, run: FinishedRun, label: str) -> dict[str, Any]:
    """Return what the page shows of a run.

    ``designs`` and ``values`` hold one entry a design, ``front`` and ``contenders`` are places
    among them. ``link`` is None where no time on a link is known, ``energy`` where no energy is.
    """
    config, space = run.config, run.space
    summary = read_summary(folder)
    designs = run.designs
    stored = read_designs(folder, designs)
    front = _front_places(folder, run, stored)
    seen = _seen_columns(stored, config)
    always, objectives, parts = np.array([], dtype=np.int64), config.objectives, None
    bounds = sweep_bounds(config.bounds, deadline_ms=config.scenario.deadline_ms)
    power = None if "energy_mj" not in seen else _power(folder, summary)
    if set(NEEDED) <= set(stored.columns):
        objectives = sweep_objectives(config.objectives)
        parts = link_parts(seen, config.scenario, power=power)
        always = contenders(parts, objectives, bounds)
    whole_front, rows = front, _shown_rows(front, always)
    n_left_out = len(np.union1d(front, always)) - len(rows)
    front, always = (places[np.isin(places, rows)] for places in (front, always))
    operations = designs.operations(stored.genes[rows])
    cuts = designs.split_point(stored.genes[rows]).tolist()
    bits = designs.bits(stored.genes[rows])[:, 0].tolist()
    return {
        "label": label,
        "folder": str(folder),
        "scenario": place_in_words(config),
        "algorithm": config.search.algorithm,
        "seed": config.search.seed,
        "budget": config.search.budget,
        **{name: summary[name] for name in ("status", "n_evaluated", "seconds", "exact")},
        "found": found_words(summary, n_objectives=len(config.objectives)),
        "provenance": [str(line) for line in summary["provenance"]],
        "versions": {str(k): str(v) for k, v in dict(summary.get("versions") or {}).items()},
        "files": _digests(folder),
        "rate_mbps": config.scenario.uplink_mbps if config.scenario.link == "fixed" else None,
        "link": None if parts is None else _values(config.scenario, _LINK),
        "energy": None if parts is None or parts.power is None else _values(parts.power, _ENERGY),
        "error_resolution": config.error_resolution,
        "rate_objectives": list(objectives),
        "bounds": [{"column": bound.column, "at_most": bound.at_most} for bound in bounds],
        "designs": {
            "id": stored.ids[rows].tolist(),
            "network": space.to_short_text(operations),
            "network_in_full": space.to_text(operations),
            "cut": cuts,
            "cut_after": [space.cut_in_words(cut) for cut in cuts],
            "bits": [space.bits_in_words(*pair) for pair in zip(bits, cuts, strict=True)],
        },
        "values": {name: values[rows].tolist() for name, values in stored.columns.items()},
        "searched_error": seen["error"][rows].tolist() if "error" in seen else None,
        "n_front": len(whole_front),
        "n_left_out": n_left_out,
        "front": np.searchsorted(rows, front).tolist(),
        "contenders": np.searchsorted(rows, always).tolist(),
        "curve": hypervolume_history(folder, run, stored),
        "groups": gene_groups(
            designs.operations(stored.genes[whole_front]),
            run.columns[config.objectives[0]],
            designs.split_point(stored.genes[whole_front]),
            n_choices=space.n_choices if _has_genes(space) else (),
        ),
    }


def _shown_rows(front: IntArray, others: IntArray) -> IntArray:
    """Return the rows that the page holds, sorted: all, or of too many evenly spaced ones."""

    def thinned(rows: IntArray, most: int) -> IntArray:
        places = np.linspace(0, len(rows) - 1, min(most, len(rows)))
        return rows[places.round().astype(np.int64)]

    kept = thinned(front, _MOST_DESIGNS)
    more = np.setdiff1d(others, front)
    return np.union1d(kept, thinned(more, _MOST_DESIGNS - len(kept)))


def _front_places(folder: Path, run: FinishedRun, stored: StoredDesigns) -> IntArray:
    """Return where the front's designs stand among all, in the order of the front."""
    try:
        ids = [int(row["id"]) for row in run.rows]
    except (KeyError, TypeError, ValueError) as error:
        raise DataFileError(f"{folder / FRONT_FILE} must have a column id.") from error
    rows = {number: row for row, number in enumerate(stored.ids.tolist())}
    if not rows.keys() >= set(ids):
        raise DataFileError(
            f"{folder / FRONT_FILE} must hold designs of {EVALUATIONS_FILE}, got another id there. "
            "Run it again."
        )
    places = np.array([rows[number] for number in ids])
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
    error = coarse(stored.columns["error"], resolution=config.error_resolution)
    return {**stored.columns, "error": error}


def _power(folder: Path, summary: Mapping[str, Any]) -> DevicePower:
    """Return what the device of a run draws, as the run noted it.

    Raises:
        DataFileError: It did not.
    """
    noted = summary["power"]
    try:
        numbers = {name: float(noted[name]) for name in _NOTED}
        # Nothing is charged for waiting where that is unknown, nor was it in runs of before.
        numbers["idle_mw"] = float(noted.get("idle_mw") or 0.0)
    except (KeyError, TypeError, ValueError) as error:
        raise DataFileError(f"{folder / SUMMARY_FILE} is damaged: it lacks the power.") from error
    return DevicePower(**numbers, radio=str(noted.get("radio")))


def _values(of: object, names: tuple[str, ...]) -> dict[str, float | bool]:
    """Return some fields of a value by name."""
    return {name: getattr(of, name) for name in names}


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


def _digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the files that the page was made from."""
    names = (CONFIG_FILE, EVALUATIONS_FILE, FRONT_FILE, EXACT_FILE, SUMMARY_FILE)
    files = {name: folder / name for name in names}
    return {name: path_digest(path) for name, path in files.items() if path.exists()}
