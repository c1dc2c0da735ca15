"""``evonasc check-plugin``: what a plug-in promises, checked, for its author."""

import argparse

from evonasc.cli.console import output
from evonasc.errors import MissingDependencyError

KINDS = ("algorithms", "hardware", "links", "objectives", "operators", "problems", "spaces")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME", help="a name, or package.module:object with --kind")
    parser.add_argument("--kind", choices=KINDS, help="what it is (default: where the name is)")
    parser.add_argument(
        "--scenario", help="of a problem or a link: a name or a TOML file (default: the usual one)"
    )
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
    from evonasc.cost.scenario import named_scenario

    scenario = None if arguments.scenario is None else named_scenario(arguments.scenario)
    n_cases = max(arguments.cases, 1)
    console, n_broken = output(), 0
    for kind in kinds_of(arguments.name, kind=arguments.kind):
        console.print(f"{arguments.name} ({kind})", style="bold")
        for finding in check(kind, arguments.name, n_cases=n_cases, scenario=scenario):
            n_broken += bool(finding.fault)
            console.print(f"{'FAILED' if finding.fault else 'ok':<6}  {finding.rule}")
            if finding.fault:
                console.print(f"        {finding.fault}", soft_wrap=True)
    console.print("All rules hold." if not n_broken else f"{n_broken} rules are broken.")
    return 1 if n_broken else 0
