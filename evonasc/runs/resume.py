"""Going on with a run that ended early, or was to be shorter.

Resuming is replay. An algorithm is a function of its seed and of the values it was sent: it is run
again from the seed, answered from the store, until it asks for something new. Nothing of its state
is written, so any deterministic algorithm resumes, plug-ins included, to what the run would have
been without an interruption. Searches that train weights are the exception: to train them anew
takes as long as the search, so they keep weights and state in a file of their own
(:mod:`evonasc.supernet.shared_state`).
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evonasc import __version__
from evonasc.arrays import IntArray
from evonasc.errors import ConfigError, DataFileError
from evonasc.problems import DesignProblem
from evonasc.runs.digests import input_digests
from evonasc.runs.folder import SUMMARY_FILE, TRAINING_FILE, read_config
from evonasc.runs.prepare import Prepared, prepare
from evonasc.runs.record import read_object
from evonasc.runs.stored import STORE_FILE, Stored
from evonasc.search.evaluation import Evaluated, evaluate, joined, part_of
from evonasc.search.search import Evaluate


def prepare_again(folder: Path, *, budget: int | None = None) -> Prepared:
    """Return what the run in a folder searches, to be gone on with.

    Args:
        folder: Of the run.
        budget: Distinct designs to evaluate in all; None for as many as the run was to.

    Raises:
        DataFileError: The folder holds no run, or one without a store.
        ConfigError: What decides its result changed since, or the run cannot be made longer.
        EvonascError: What it searches cannot be had.
    """
    config, path = read_config(folder), folder / SUMMARY_FILE
    if not (folder / STORE_FILE).exists():
        raise DataFileError(f"{folder} must hold {STORE_FILE} to be gone on with. Run it again.")
    summary = read_object(path, folder=folder) if path.exists() else {}
    prepared = prepare(config)
    _require_unchanged(folder, prepared, summary)
    if budget is None or budget == config.search.budget:
        return prepared
    longer = replace(config.search, budget=budget)
    if budget < config.search.budget:
        raise ConfigError(
            f"budget must be at least {config.search.budget}, what the run in {folder} was to "
            f"evaluate, got {budget}."
        )
    if prepared.algorithm.plans_by_budget or longer.population != config.search.population:
        raise ConfigError(
            f"The run in {folder} cannot be made longer: with a budget of {budget} "
            f"{longer.algorithm} asks for other designs from the start. Run it anew with --budget "
            f"{budget}."
        )
    return prepare(replace(config, search=longer))


def _require_unchanged(folder: Path, prepared: Prepared, summary: dict[str, Any]) -> None:
    """Refuse a run whose result would come about otherwise today.

    Raises:
        ConfigError: Another version of evonasc or of a plug-in, or an input that changed.
    """
    inputs, packages = input_digests(prepared.config)
    then, versions = summary.get("inputs") or {}, summary.get("versions") or {}
    changed = [name for name, digest in inputs.items() if then.get(name, digest) != digest]
    changed += [name for name in then if name not in inputs]
    if changed:
        raise ConfigError(
            f"{changed[0]} changed since the run in {folder} began, so what was evaluated and what "
            "would be do not go together. Put it back, or run anew."
        )
    for name, now in {"evonasc": __version__, **packages}.items():
        if versions.get(name, now) != now:
            raise ConfigError(
                f"The run in {folder} must be gone on with by {name} {versions[name]}, got {now}. "
                "Install that, or run anew."
            )


def keep_training(prepared: Prepared, folder: Path) -> None:
    """Let a search that trains weights keep them in a run's folder, and go on from there.

    Others are replayed, and need no such thing.
    """
    source = prepared.problem.error_source
    if prepared.algorithm.trains and source is not None:
        from evonasc.supernet.cotraining import SharedWeights  # torch comes with it

        if isinstance(source, SharedWeights):
            source.keep_in(folder / TRAINING_FILE)


def replaying(stored: Stored, evaluate: Evaluate = evaluate) -> Evaluate:
    """Return what evaluates designs, answering from a store what stands there.

    Args:
        stored: What was evaluated before, in order.
        evaluate: Evaluates what is new.
    """
    n_replayed = 0

    def answer(problem: DesignProblem, genes: IntArray) -> Evaluated:
        nonlocal n_replayed
        known = slice(n_replayed, min(n_replayed + len(genes), len(stored)))
        n_known = known.stop - known.start
        if n_known == 0:
            return evaluate(problem, genes)
        _require_same(stored.genes[known], genes[:n_known], first=n_replayed)
        n_replayed = known.stop
        if n_known == len(genes):
            return part_of(stored.found, known)
        new = evaluate(problem, genes[n_known:])
        return joined([part_of(stored.found, known), new], n_rows=[n_known, len(genes) - n_known])

    return answer


def _require_same(then: IntArray, now: IntArray, *, first: int) -> None:
    """Refuse a search that asks for other designs than it did.

    Raises:
        ConfigError: It does.
    """
    differs = np.flatnonzero((then != now).any(axis=1)) if then.shape == now.shape else [0]
    if len(differs):
        raise ConfigError(
            f"The search does not go as it went: design {first + int(differs[0]) + 1} is another. "
            "A package such as numpy in another version may draw otherwise (run.json names those "
            "of then), or a plug-in draws from what its seed does not decide. Run anew."
        )
