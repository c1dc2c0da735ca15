"""``evonasc explain``: one design of a run drawn, and what each change of it would do."""

import argparse
from pathlib import Path

from evonasc.analysis.explanation import Effect, effects, single_changes
from evonasc.analysis.report import front_view, plain_table, shown_columns
from evonasc.arrays import FloatArray, IntArray
from evonasc.cli.console import output
from evonasc.problems import DesignProblem
from evonasc.runs.design_rows import design_rows
from evonasc.runs.finished import load_run, read_designs, require_same
from evonasc.runs.folder import read_config
from evonasc.runs.prepare import prepare


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder")
    parser.add_argument("id", type=int, metavar="ID", help="as in front.csv or evaluations.csv")
    parser.add_argument("--rows", type=int, default=25, help="rows at most (default: %(default)s)")
    parser.add_argument("--no-plot", action="store_true", help="do not draw the design")


def execute(arguments: argparse.Namespace) -> int:
    """Draw the design and print its changes."""
    run = load_run(arguments.run)
    problem = prepare(read_config(arguments.run)).problem
    stored = read_designs(arguments.run, problem.designs)
    place = stored.row_of(arguments.id)
    genes = stored.genes[place]
    columns = problem.checked_columns(genes[None])
    require_same(arguments.run, stored, columns, rows=[place])
    rows = design_rows(problem.designs, genes[None], columns, ids=[arguments.id])
    console = output()
    console.print(f"Design {arguments.id} of {arguments.run}:", soft_wrap=True)
    console.print(front_view(rows, problem.designs, objectives=shown_columns(run.config)))
    found = effects(
        genes, single_changes(genes, problem.designs), problem=problem, front=run.points
    )
    _show(found, problem, most=max(arguments.rows, 1))
    if not arguments.no_plot:
        for path in _draw(arguments, problem, genes, columns):
            console.print(f"Wrote {path}", soft_wrap=True)
    return 0


def _show(found: list[Effect], problem: DesignProblem, *, most: int) -> None:
    """Print the changes that improve something."""
    helpful = [effect for effect in found if (effect.difference < 0).any()]
    console = output()
    improving = ", ".join(
        f"{sum(effect.difference[place] < 0 for effect in found)} improve {name}"
        for place, name in enumerate(problem.objectives)
    )
    console.print(
        f"\n{len(found)} changes of one gene give another design: {improving}; "
        f"{sum(effect.is_better_throughout for effect in found)} are better throughout, "
        f"{sum(effect.is_new for effect in found)} would be new on the run's front.",
        soft_wrap=True,
    )
    if not helpful:
        return
    rows = [
        {
            "change": f"{effect.change.gene}: {effect.change.before} -> {effect.change.after}",
            **{
                name: f"{value:.4g} ({difference:+.3g})"
                for name, value, difference in zip(
                    problem.objectives, effect.point, effect.difference, strict=True
                )
            },
            "against the front": effect.verdict,
        }
        for effect in helpful[:most]
    ]
    console.print(plain_table(rows))
    if len(helpful) > most:
        console.print(f"{most} of {len(helpful)} changes that improve something shown (--rows).")


def _draw(
    arguments: argparse.Namespace,
    problem: DesignProblem,
    genes: IntArray,
    columns: dict[str, FloatArray],
) -> list[Path]:
    """Write the figure into the run folder."""
    from evonasc.analysis.network_figure import DesignPicture, design_figure
    from evonasc.analysis.plotting import save_figure

    designs, (genome,) = problem.designs, problem.designs.decode(genes[None])
    parts = [columns[name] for name in ("head_ms", "uplink_ms", "tail_ms") if name in columns]
    objectives = ", ".join(f"{name} {columns[name][0]:.4g}" for name in problem.objectives)
    picture = DesignPicture(
        title=f"design {arguments.id} of {arguments.run.name}: {objectives}",
        block_names=designs.space.block_names,
        cut=genome.split_points[0],
        payload=_payload_words(genome.split_points[0], genome.payload_bits[0], problem, columns),
        network=designs.space.drawing(designs.operations(genes[None])[0]),
        times_ms=(float(parts[0][0]), float(parts[1][0]), float(parts[2][0]))
        if len(parts) == 3
        else None,
        times_words="time, the link's the median (ms)"
        if "latency_p95_ms" in columns
        else "time (ms)",
    )
    stem = arguments.run / f"design-{arguments.id}"
    return save_figure(design_figure(picture), stem, may_replace=True)


def _payload_words(
    cut: int, bits: int, problem: DesignProblem, columns: dict[str, FloatArray]
) -> str:
    """Say what is sent at the cut."""
    n_blocks = problem.designs.space.n_blocks
    if cut == n_blocks:
        return "nothing is sent"
    size = f", {columns['payload_bytes'][0]:,.0f} bytes" if "payload_bytes" in columns else ""
    return f"cut: the raw input is sent{size}" if cut == 0 else f"cut {cut}: {bits} bits{size}"
