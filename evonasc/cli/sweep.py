"""``evonasc sweep``: the fronts of a run over the rate of the uplink, and one network for all."""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evonasc.analysis.choice import knee_depths
from evonasc.analysis.rate_policy import Policy, every_cut, rate_policy, regret_in_words
from evonasc.analysis.rate_sweep import (
    LinkParts,
    best_rows,
    contenders,
    front_at,
    parts_of_run,
    rates_from_text,
    sweep_bounds,
    sweep_objectives,
)
from evonasc.analysis.report import plain_table
from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import Bound, in_words
from evonasc.cli.console import output
from evonasc.errors import ConfigError
from evonasc.files import write_output
from evonasc.problems import DesignProblem
from evonasc.runs.design_rows import design_rows
from evonasc.runs.finished import FinishedRun, StoredDesigns, load_run, read_designs, require_same
from evonasc.runs.folder import read_config
from evonasc.runs.prepare import prepare
from evonasc.runs.tables import as_csv

#: Rates of the diagram and of the regret, at least.
_N_FINE = 200
#: Rates that the terminal shows, at most.
_MOST_SHOWN = 25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder")
    parser.add_argument(
        "--uplink-mbps",
        required=True,
        metavar="LOW:HIGH[:COUNT]",
        help="rates, evenly spaced in ratio, 25 by default",
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="all designs of the run's problem, not only those it evaluated",
    )
    parser.add_argument(
        "--design",
        type=int,
        metavar="ID",
        help="network to cut by the rate (default: that of the front's knee)",
    )
    parser.add_argument("--out", type=Path, help="folder for tables and figure (default: RUN)")
    parser.add_argument("--no-plot", action="store_true", help="do not draw the diagram")


def execute(arguments: argparse.Namespace) -> int:
    """Print and write the sweep."""
    rates = rates_from_text(arguments.uplink_mbps)
    config = read_config(arguments.run)
    run = replace(load_run(arguments.run), config=config)
    problem = prepare(config).problem
    stored = read_designs(arguments.run, problem.designs)
    genes, columns = _designs(problem) if arguments.exact else (stored.genes, stored.columns)
    objectives = sweep_objectives(problem.objectives)
    bounds = sweep_bounds(problem.column_bounds, deadline_ms=config.scenario.deadline_ms)
    every = parts_of_run(columns, run.config)
    chosen = contenders(every, objectives, bounds)
    parts, genes = every.rows(chosen), genes[chosen]
    started = time.perf_counter()
    fronts = [front_at(parts, float(rate), objectives, bounds) for rate in rates]
    per_rate_ms = (time.perf_counter() - started) * 1e3 / len(rates)
    fine = np.geomspace(rates[0], rates[-1], max(_N_FINE, len(rates)))
    fronts_of = _Fronts(rates, fronts, parts, genes, objectives, bounds)
    network = _network(arguments, run, problem, stored, fronts_of, fine)
    console = output()
    console.print(
        f"{len(every.steady_ms)} designs, {len(chosen)} of which no other beats at every rate; "
        f"{len(rates)} fronts, {per_rate_ms:.2f} ms each"
        f"{', of designs with ' if bounds else ''}{in_words(bounds)}.",
        soft_wrap=True,
    )
    if bounds != problem.column_bounds:
        console.print(
            f"On a link of one rate {in_words(problem.column_bounds)} is "
            f"{in_words(bounds) or 'always met'}: all inputs take the same time.",
            soft_wrap=True,
        )
    _show_fronts(fronts_of, network, problem)
    _show_network(network, problem, fine, bounds)
    is_own, out = arguments.out is None, arguments.out or arguments.run
    paths = [
        _write_fronts(out / "sweep.csv", fronts_of, problem, may_replace=is_own),
        _write_policy(out / "policy.csv", network, problem, bounds, may_replace=is_own),
    ]
    if not arguments.no_plot and len(fronts[-1]):
        stem = out / "sweep"
        paths += _draw(stem, run, problem, fronts_of, network, fine, may_replace=is_own)
    elif not arguments.no_plot:
        console.print(f"\nNo diagram: at no rate does a design keep to {in_words(bounds)}.")
    console.print(f"\nWritten to {out}: {', '.join(path.name for path in paths)}.", soft_wrap=True)
    return 0


@dataclass(frozen=True)
class _Fronts:
    """The fronts of all rates."""

    rates: FloatArray
    #: Rows of ``parts``, one array a rate.
    rows: list[IntArray]
    parts: LinkParts
    genes: IntArray
    objectives: tuple[str, ...]
    #: What a design keeps to at a rate, or is on no front there.
    bounds: tuple[Bound, ...]


@dataclass(frozen=True)
class _Network:
    """The network that is cut by the rate."""

    #: Id of the design it comes from, and the design's row in what follows.
    number: int
    kept: int
    genes: IntArray
    parts: LinkParts
    policy: Policy

    @property
    def error(self) -> float:
        """Error of the design it comes from."""
        return float(self.parts.fixed["error"][self.kept])


def _designs(problem: DesignProblem) -> tuple[IntArray, dict[str, FloatArray]]:
    """Return every design of a problem and what it costs."""
    listed = problem.designs.all_designs()
    if listed is None:
        raise ConfigError(
            f"The designs of {problem.designs.space.name!r} are too many to list. Leave out "
            "--exact."
        )
    return listed, problem.checked_columns(listed)


def _network(
    arguments: argparse.Namespace,
    run: FinishedRun,
    problem: DesignProblem,
    stored: StoredDesigns,
    fronts: _Fronts,
    fine: FloatArray,
) -> _Network:
    """Return the network that was asked for, or that of the front's knee, cut by the rate."""
    number = arguments.design
    if number is None:
        number = int(run.rows[int(knee_depths(run.points).argmax())]["id"])
    row = stored.row_of(number)
    design = problem.designs.canonical(stored.genes[[row]])
    columns = problem.checked_columns(design)
    require_same(arguments.run, stored, columns, rows=[row])
    genes = every_cut(design[0], problem.designs)
    parts = parts_of_run(problem.checked_columns(genes), run.config)
    kept = int((genes == design).all(axis=1).argmax())
    policy = rate_policy(
        parts, kept=kept, everything=fronts.parts, rates=fine, bounds=fronts.bounds
    )
    return _Network(number, kept, genes, parts, policy)


def _show_fronts(fronts: _Fronts, network: _Network, problem: DesignProblem) -> None:
    """Print, rate by rate, the front's size and ends and the best design of the network's error."""
    space, parts = problem.designs.space, fronts.parts
    best = best_rows(parts, fronts.rates, np.array([network.error]), fronts.bounds)[0]
    step = -(-len(fronts.rates) // _MOST_SHOWN)
    rows = []
    for place in range(0, len(fronts.rates), step):
        rate, front, row = float(fronts.rates[place]), fronts.rows[place], best[place]
        latency = parts.latency_ms(rate)
        cuts = problem.designs.split_point(fronts.genes[front])
        named = "-"
        if row >= 0:
            cut = int(problem.designs.split_point(fronts.genes[[row]])[0])
            named = f"{latency[row]:.2f} ms, cut {space.cut_in_words(cut)}"
        rows.append(
            {
                "Mbit/s": f"{rate:.4g}",
                "points": str(len(front)),
                "least error": f"{parts.fixed['error'][front].min():.4f}" if len(front) else "-",
                "least ms": f"{latency[front].min():.2f}" if len(front) else "-",
                "cuts on the front": _ranges(sorted(set(cuts.tolist()))),
                f"fastest with error <= {network.error:.4f}": named,
            }
        )
    output().print(plain_table(rows))
    if step > 1:
        output().print(f"{len(rows)} of {len(fronts.rates)} rates shown; all are in sweep.csv.")


def _show_network(
    network: _Network, problem: DesignProblem, fine: FloatArray, bounds: tuple[Bound, ...]
) -> None:
    """Print which cut of the network to use at which rates, and what other networks would gain."""
    policy, designs = network.policy, problem.designs
    rows = []
    for one in policy.stretches:
        (genome,) = designs.decode(network.genes[[one.row]])
        cut, bits = genome.split_points[0], genome.payload_bits[0]
        first, last = (
            network.parts.latency_ms(rate)[one.row] for rate in (one.low_mbps, one.high_mbps)
        )
        rows.append(
            {
                "Mbit/s": f"{one.low_mbps:.4g} to {one.high_mbps:.4g}",
                "cut after": designs.space.cut_in_words(cut),
                "bits": designs.space.bits_in_words(bits, cut),
                "ms": f"{first:.2f} to {last:.2f}",
            }
        )
    console = output()
    console.print(
        f"\nThe network of design {network.number}, error {network.error:.4f}, cut by the rate:"
    )
    if not rows:
        console.print(f"None of its cuts keeps to {in_words(bounds)} at any of the rates.")
        return
    console.print(plain_table(rows))
    low = policy.stretches[0].low_mbps
    if low > fine[0]:
        console.print(f"Below {low:.4g} Mbit/s none of its cuts keeps to {in_words(bounds)}.")
    kept = designs.space.cut_in_words(int(designs.split_point(network.genes[[network.kept]])[0]))
    console.print(regret_in_words(policy, rates=fine, bounds=bounds, cut=kept), soft_wrap=True)


def _ranges(numbers: list[int]) -> str:
    """Write rising numbers in short: 1, 7-9."""
    groups: list[list[int]] = []
    for number in numbers:
        if groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    return ", ".join(
        str(group[0]) if len(group) == 1 else f"{group[0]}-{group[-1]}" for group in groups
    )


def _write_fronts(
    path: Path, fronts: _Fronts, problem: DesignProblem, *, may_replace: bool
) -> Path:
    """Write every point of every front."""
    rows: list[dict[str, object]] = []
    for rate, front in zip(fronts.rates.tolist(), fronts.rows, strict=True):
        values = fronts.parts.rows(front)
        names = (*fronts.objectives, *(bound.column for bound in fronts.bounds))
        columns = {name: values.column(name, rate) for name in names}
        columns |= {"steady_ms": values.steady_ms, "sending_ms": values.unit_ms / rate}
        table = design_rows(problem.designs, fronts.genes[front], columns)
        rows += [{"uplink_mbps": rate, **row} for row in table]
    write_output(path, as_csv(rows), may_replace=may_replace)
    return path


def _write_policy(
    path: Path,
    network: _Network,
    problem: DesignProblem,
    bounds: tuple[Bound, ...],
    *,
    may_replace: bool,
) -> Path:
    """Write which design of the network to use at which rates.

    With the greatest value of each bounded column in the stretch, which is that at its low end.
    """
    rows = [one.row for one in network.policy.stretches]
    lowest = np.array([one.low_mbps for one in network.policy.stretches])
    columns = {
        "error": network.parts.fixed["error"][rows],
        "steady_ms": network.parts.steady_ms[rows],
        "sending_ms_at_1_mbps": network.parts.unit_ms[rows],
    } | {
        f"most_{bound.column}": network.parts.rows(np.array(rows)).column(bound.column, lowest)
        for bound in bounds
        if rows and bound.column != "error"
    }
    table = design_rows(problem.designs, network.genes[rows], columns)
    lines = [
        {"low_mbps": one.low_mbps, "high_mbps": one.high_mbps, **row}
        for one, row in zip(network.policy.stretches, table, strict=True)
    ]
    write_output(path, as_csv(lines), may_replace=may_replace)
    return path


def _draw(
    stem: Path,
    run: FinishedRun,
    problem: DesignProblem,
    fronts: _Fronts,
    network: _Network,
    fine: FloatArray,
    *,
    may_replace: bool,
) -> list[Path]:
    """Draw the phase diagram."""
    from evonasc.analysis.phase_figure import phase_figure
    from evonasc.analysis.plotting import save_figure

    within = f", {in_words(fronts.bounds)}" if fronts.bounds else ""
    figure = phase_figure(
        fronts.parts,
        problem.designs.split_point(fronts.genes),
        rates=fine,
        block_names=problem.designs.space.block_names,
        bounds=fronts.bounds,
        policy=(network.error, [one.high_mbps for one in network.policy.stretches[:-1]]),
        title=f"{run.config.scenario.name} at other rates{within} (dashed: design "
        f"{network.number}; dots: its best cut changes)",
    )
    return save_figure(figure, stem, may_replace=may_replace)
