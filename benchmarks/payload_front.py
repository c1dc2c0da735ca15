"""Where the payload changes the error, the fastest cut of a network is not always the best.

For the default scenario with other payloads: the exact front over networks and cuts, enumerated,
and, beside each of its designs, the cut of least latency of the same network and payload. With 8
bits and resending the error does not depend on the cut, and the two are always the same.

Also printed: the share of the exact front's hypervolume (reference: its nadir + 0.1 x range) that
is left where every network is cut where that is fastest.

Writes benchmarks/results/payload_front.csv (a row a design on a front) and docs/payload_front.png.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evonasc.analysis.payload_figure import PayloadPanel, payload_figure
from evonasc.analysis.plotting import picture
from evonasc.arrays import FloatArray
from evonasc.cost.scenario import override
from evonasc.cost.scenario_table import DEFAULT_SCENARIO, named_scenario
from evonasc.files import write_atomically
from evonasc.front import hypervolume_share, non_dominated
from evonasc.problems import DesignProblem
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import ExactFront, exact_front
from evonasc.runs.prepare import prepare
from evonasc.runs.tables import as_csv
from evonasc.search.design_latency import best_cuts

ROOT = Path(__file__).parents[1]
PAYLOADS: dict[str, dict[str, object]] = {
    "8 bits, sent again": {},
    "4 bits, sent again": {"payload_bits": 4},
    "4 bits, 1 % lost": {"payload_bits": 4, "packet_loss": 0.01, "retransmit": False},
    "4 bits, 5 % lost": {"payload_bits": 4, "packet_loss": 0.05, "retransmit": False},
}
SHOWN = ("4 bits, sent again", "4 bits, 5 % lost")


@dataclass(frozen=True)
class Fronts:
    """The exact front of a payload, and the one of fastest cuts."""

    problem: DesignProblem
    truth: ExactFront
    fastest: FloatArray

    @property
    def share_left(self) -> float:
        """Share of the exact front's hypervolume that fastest cuts have."""
        return hypervolume_share(self.fastest, front=self.truth.points)


def fronts_of(scenario_name: str, changes: dict[str, object]) -> Fronts:
    """Return both fronts of one payload."""
    scenario = override(named_scenario(scenario_name), changes)
    problem = prepare(RunConfig(scenario=scenario)).problem
    truth = exact_front(problem)
    networks = problem.designs.space.networks()
    assert truth is not None
    assert networks is not None
    genes, least_ms = best_cuts(problem, networks)
    points = problem.objective_values(problem.columns(genes[np.isfinite(least_ms)]))
    return Fronts(problem, truth, points[non_dominated(points)])


def rows_of(name: str, fronts: Fronts) -> list[dict[str, object]]:
    """Return one row a design of the exact front."""
    problem, truth = fronts.problem, fronts.truth
    designs = problem.designs
    operations = designs.operations(truth.genes)
    genes, least_ms = best_cuts(problem, operations)
    at_fastest = problem.columns(genes)["error"]
    # Designs equal but for blocks that compute nothing have one canonical cut.
    own, fastest = (designs.split_point(designs.canonical(g)) for g in (truth.genes, genes))
    rows: list[dict[str, object]] = []
    for row, text in enumerate(designs.space.to_text(operations)):
        rows.append(
            {
                "payload": name,
                "arch_str": text,
                "split_point": int(own[row]),
                "error": float(truth.points[row, 0]),
                "latency_ms": float(truth.points[row, 1]),
                "fastest_split_point": int(fastest[row]),
                "error_at_fastest": float(at_fastest[row]),
                "fastest_ms": float(least_ms[row]),
                "is_fastest_best": bool(own[row] == fastest[row]),
            }
        )
    return sorted(rows, key=lambda one: (one["error"], one["latency_ms"]))


def main() -> None:
    """Write the table and the figure, and print the table in short."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default=DEFAULT_SCENARIO)
    arguments = parser.parse_args()
    rows: list[dict[str, object]] = []
    panels = []
    for name, changes in PAYLOADS.items():
        fronts = fronts_of(arguments.scenario, changes)
        new = rows_of(name, fronts)
        rows += new
        n_other = sum(not row["is_fastest_best"] for row in new)
        print(
            f"{name}: {len(new)} designs on the front, {n_other} not at their network's fastest "
            f"cut; fastest cuts alone have {fronts.share_left:.2%} of the hypervolume"
        )
        if name in SHOWN:
            designs = fronts.problem.designs
            panels.append(
                PayloadPanel(
                    title=name,
                    front=fronts.truth.points,
                    cuts=designs.split_point(designs.canonical(fronts.truth.genes)),
                    fastest=fronts.fastest,
                )
            )
    write_atomically(ROOT / "benchmarks" / "results" / "payload_front.csv", as_csv(rows))
    figure = payload_figure(
        panels,
        block_names=fronts.problem.designs.space.block_names,
        title=f"Error at the cut and latency, {arguments.scenario}, NAS-Bench-201",
    )
    write_atomically(ROOT / "docs" / "payload_front.png", picture(figure).png)


if __name__ == "__main__":
    main()
