"""``evonasc list``: what can be chosen."""

import argparse

from evonasc.cli.console import output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    kinds = ("algorithms", "problems", "hardware", "scenarios")
    parser.add_argument("kind", choices=kinds, help="what to list")


def execute(arguments: argparse.Namespace) -> int:
    """Print a table of names."""
    from evonasc.analysis.report import plain_table

    rows = {
        "algorithms": _algorithms,
        "hardware": _hardware,
        "problems": _problems,
        "scenarios": _scenarios,
    }[arguments.kind]()
    output().print(plain_table(rows))
    return 0


def _algorithms() -> list[dict[str, str]]:
    """Name the algorithms."""
    from evonasc.search.algorithms import ALGORITHMS

    return [{"name": name, "what": text} for name, (_, _, text) in sorted(ALGORITHMS.items())]


def _problems() -> list[dict[str, str]]:
    """Name the problems."""
    from evonasc.search.run import PROBLEMS

    return [{"name": name, "what": text} for name, text in sorted(PROBLEMS.items())]


def _hardware() -> list[dict[str, str]]:
    """Name the machines and say how well each is predicted."""
    from evonasc.cost.hardware import HARDWARE, fit_report
    from evonasc.cost.roofline import is_roofline_fitted

    rows = []
    for name, machine in sorted(HARDWARE.items()):
        report = fit_report(name)
        rows.append(
            {
                "name": name,
                "total": machine.kind,
                "within 10 %": f"{report.within_10_percent:.1%}",
                "mean error": f"{report.mape:.1%}",
                "blocks": "roofline" if is_roofline_fitted(name) else "MACs and bytes",
                "machine": machine.description,
            }
        )
    return rows


def _scenarios() -> list[dict[str, str]]:
    """Name the scenarios."""
    from evonasc.cost.scenario import SCENARIOS

    return [
        {
            "name": name,
            "head": scenario.head_hardware,
            "tail": scenario.tail_hardware,
            "Mbit/s": f"{scenario.uplink_mbps:g}",
            "delay ms": f"{scenario.one_way_delay_ms:g}",
            "bits": ",".join(map(str, scenario.payload_bits)),
            "radio": scenario.radio,
        }
        for name, scenario in SCENARIOS.items()
    ]
