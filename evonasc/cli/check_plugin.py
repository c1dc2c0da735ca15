"""``evonasc check-plugin``: what a plug-in promises, checked, for its author."""

import argparse

from evonasc.cli.console import output
from evonasc.cli.problem_arguments import add_space_argument
from evonasc.contracts.kinds import KINDS
from evonasc.errors import MissingDependencyError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME", help="a name, or package.module:object with --kind")
    parser.add_argument("--kind", choices=KINDS, help="what it is (default: where the name is)")
    parser.add_argument(
        "--scenario", help="of a problem or a link: a name or a TOML file (default: the usual one)"
    )
    add_space_argument(parser, of="of machines, errors, objectives, scenarios: whose networks")
    parser.add_argument(
        "--cases", type=int, default=25, help="drawn cases a rule (default: %(default)s)"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Check, print what each rule found, and return 1 where one is broken."""
    try:
        import hypothesis  # noqa: F401  # the checks draw their cases with it
    except ImportError as error:
        raise MissingDependencyError(
            "check-plugin needs hypothesis. Install it with: pip install 'evonasc[plugins]'"
        ) from error
    from evonasc.contracts.checking import check, kinds_of
    from evonasc.cost.scenario_table import named_scenario

    scenario = None if arguments.scenario is None else named_scenario(arguments.scenario)
    n_cases = max(arguments.cases, 1)
    console, n_broken, n_skipped = output(), 0, 0
    for kind in kinds_of(arguments.name, kind=arguments.kind, space=arguments.space):
        console.print(f"{arguments.name} ({kind})", style="bold")
        for finding in check(
            kind, arguments.name, n_cases=n_cases, scenario=scenario, space=arguments.space
        ):
            n_broken += bool(finding.fault)
            n_skipped += bool(finding.skipped)
            sign = "FAILED" if finding.fault else "-" if finding.skipped else "ok"
            console.print(f"{sign:<6}  {finding.rule}")
            if reason := finding.fault or finding.skipped:
                console.print(f"        {reason}", soft_wrap=True)
    if n_skipped:
        console.print(f"{n_skipped} rules cannot be checked, so nothing is known of them.")
    if n_broken or not n_skipped:
        console.print(f"{n_broken} rules are broken." if n_broken else "All rules hold.")
    return 1 if n_broken else 0
