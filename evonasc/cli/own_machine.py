"""``evonasc hardware profile`` and ``calibrate``: a machine that no benchmark knows."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from evonasc.cli.console import counter, output
from evonasc.cli.problem_arguments import add_space_argument

if TYPE_CHECKING:
    from evonasc.benchmark import Benchmark
    from evonasc.cost.machine_record import MachineRecord
    from evonasc.cost.profile_fit import Profile

_BUSY = 1.2  # wall time over processor time above which a machine was not idle
_NOISY = 0.1
_N_NEAREST = 3  # machines that a calibration could lean on and that are shown


def add_actions(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the two actions and their options."""
    profile = actions.add_parser("profile", help="measure this computer, write it as a machine")
    _add_shared(profile)
    profile.add_argument("--threads", type=int, default=1, help="that compute (default: 1)")
    profile.add_argument("--quick", action="store_true", help="fewer networks and rounds")
    profile.add_argument("--networks", type=int, help="networks measured (default: 60, quick 20)")
    profile.add_argument("--rounds", type=int, help="rounds over everything (default: 9, quick 3)")
    profile.add_argument(
        "--clock",
        choices=("cpu", "wall"),
        default="wall",
        help="cpu counts only the time the one thread computes: for a machine that is never idle "
        "(default: %(default)s)",
    )
    profile.add_argument(
        "--layout",
        choices=("channels-last", "contiguous"),
        default="channels-last",
        help="how tensors lie in memory: contiguous is PyTorch's own default, in which pooling "
        "takes several times as long on many processors (default: %(default)s)",
    )
    profile.add_argument("--seed", type=int, default=0, help="draws networks and order")
    plan = actions.add_parser("plan", help="draw different networks to measure, for calibrate")
    plan.add_argument("n", type=_n_networks, metavar="N", help="networks; 10 to 30 do")
    plan.add_argument("--seed", type=int, default=0, help="draws them (default: %(default)s)")
    plan.set_defaults(is_out_new=True)
    plan.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    add_space_argument(plan)
    calibrate = actions.add_parser(
        "calibrate", help="write a machine from a few whole-network times measured on it"
    )
    calibrate.add_argument(
        "measurements",
        type=Path,
        metavar="FILE.csv",
        help="columns arch_str (or the space's) and latency_ms (ms, one input); three networks or "
        "more",
    )
    _add_shared(calibrate)
    calibrate.add_argument(
        "--like",
        metavar="MACHINE",
        help="known machine to lean on (default: the one with the least left-out error)",
    )
    calibrate.add_argument("--description", help="machine and runtime, for reports")


def _n_networks(text: str) -> int:
    """Read how many networks to draw."""
    n = int(text) if text.isdecimal() and len(text) < 7 else 0
    if n < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of networks, got {text!r}")
    return n


def plan(arguments: argparse.Namespace) -> int:
    """Write networks to be measured, all different, as the table that ``calibrate`` reads."""
    import numpy as np

    from evonasc.cost.calibration import MIN_NETWORKS
    from evonasc.errors import ConfigError
    from evonasc.files import write_output
    from evonasc.limits import require_seed
    from evonasc.runs.benchmarks import search_space
    from evonasc.runs.tables import as_csv
    from evonasc.supernet.network_list import random_networks

    if arguments.n < MIN_NETWORKS:
        raise ConfigError(f"N must be at least {MIN_NETWORKS} networks, got {arguments.n}.")
    require_seed(arguments.seed)
    space = search_space(arguments.space)
    rng = np.random.default_rng(arguments.seed)
    networks = random_networks(space, arguments.n, rng=rng)
    texts = space.to_text(networks)
    write_output(
        arguments.out, as_csv([{space.text_column: text, "latency_ms": ""} for text in texts])
    )
    console = output()
    console.print(f"Wrote {arguments.out}: {len(texts)} networks, no two of which build the same.")
    console.print(
        "Measure each for one input, write the median in ms into latency_ms, then: evonasc "
        f"hardware calibrate {arguments.out} --out mybox.npz",
        soft_wrap=True,
    )
    return 0


def profile(arguments: argparse.Namespace) -> int:
    """Measure this computer."""
    from dataclasses import replace

    from evonasc.cost.machine_record import write_record
    from evonasc.cost.profile_fit import fit_profile
    from evonasc.runs.benchmarks import benchmark, supernet_family
    from evonasc.supernet.profiling import QUICK, ProfileConfig, profile_this_machine

    chosen = benchmark(arguments.space)
    name = _checked_name(arguments, chosen)
    default = QUICK if arguments.quick else ProfileConfig()
    config = replace(
        default,
        n_networks=default.n_networks if arguments.networks is None else arguments.networks,
        n_rounds=default.n_rounds if arguments.rounds is None else arguments.rounds,
        n_threads=arguments.threads,
        clock=arguments.clock,
        layout=arguments.layout,
        seed=arguments.seed,
    )
    family = supernet_family(chosen.name)
    with counter("measuring") as report:
        measured = profile_this_machine(config, family, report=report)
    machine = fit_profile(
        measured,
        chosen.make_space(),
        name=name,
        taken=chosen.machines.names(),
        power_mw=arguments.power_mw,
        idle_power_mw=arguments.idle_power_mw,
    )
    write_record(arguments.out, machine)
    _tell(arguments.out, machine)
    _warn(measured, machine, clock=config.clock)
    return 0


def calibrate(arguments: argparse.Namespace) -> int:
    """Fit a machine to the user's measurements."""
    from evonasc.cost.calibration import Calibrator, calibrate, read_measured_networks
    from evonasc.cost.machine_record import write_record
    from evonasc.cost.machine_table import known_machines
    from evonasc.runs.benchmarks import benchmark

    chosen = benchmark(arguments.space)
    name, space = _checked_name(arguments, chosen), chosen.make_space()
    measured = read_measured_networks(arguments.measurements, space)
    known = known_machines(chosen.machines)
    machine = calibrate(
        measured,
        space=space,
        known=known,
        name=name,
        description=arguments.description or f"times of {arguments.measurements.name}",
        like=arguments.like,
        power_mw=arguments.power_mw,
        idle_power_mw=arguments.idle_power_mw,
    )
    write_record(arguments.out, machine)
    if measured.n_rewritten:
        output().print(
            f"{measured.n_rewritten} of the networks are not written in their canonical form; they "
            "are taken to have been measured without what computes nothing."
        )
    _tell(arguments.out, machine)
    if arguments.like is None:
        fits = Calibrator(space, known).fits(measured)
        nearest = [
            f"{other} {fit.left_out_error:.1%}" for other, fit in list(fits.items())[:_N_NEAREST]
        ]
        output().print(
            f"Left-out error with each machine to lean on: {', '.join(nearest)}. The error above "
            "leaves the networks out of this choice too; --like NAME chooses another.",
            soft_wrap=True,
        )
    return 0


def _add_shared(parser: argparse.ArgumentParser) -> None:
    """Declare what both actions take."""
    add_space_argument(parser, of="networks measured")
    parser.set_defaults(is_out_new=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz")
    parser.add_argument("--name", help="of the machine in reports (default: the file's)")
    parser.add_argument(
        "--power-mw", type=float, metavar="MW", help="power while computing, for energy_mj"
    )
    parser.add_argument(
        "--idle-power-mw",
        type=float,
        metavar="MW",
        help="power while it waits for the answer, for energy_mj (default: waiting costs nothing)",
    )


def _checked_name(arguments: argparse.Namespace, chosen: "Benchmark") -> str:
    """Return the machine's name; refuse name, power and file before anything is measured."""
    from evonasc.cost.machine_record import check_name, check_power, check_target

    name: str = arguments.out.stem if arguments.name is None else arguments.name
    check_name(name, chosen.machines.names())
    check_power(arguments.power_mw)
    check_power(arguments.idle_power_mw, of="idle_power_mw")
    check_target(arguments.out)
    return name


def _tell(path: Path, machine: "MachineRecord") -> None:
    """Say what was made, how good it is, and how to use it."""
    how = f"leaning on {machine.base}" if machine.base else "from its own layers"
    console = output()
    console.print(
        f"{machine.name}: {machine.description}; {machine.n_networks} networks, "
        f"{machine.times_ms.min():.3g} to {machine.times_ms.max():.3g} ms."
    )
    console.print(
        f"Predicted {how}; networks left out of the fit: mean error {machine.left_out_error:.1%}, "
        f"Spearman {machine.left_out_spearman:.3f}."
    )
    if not machine.base:
        console.print(
            f"Repeats differ by {machine.noise:.1%} (interquartile range, mean over networks); "
            f"block times are off by {machine.block_error:.0%} of a block's mean time."
        )
    console.print(f"Wrote {path}. Use it: evonasc run --head-hardware {path}")


def _warn(measured: "Profile", machine: "MachineRecord", *, clock: str) -> None:
    """Say so where the machine was too busy to be measured well."""
    is_wall = clock == "wall"
    if is_wall and measured.busyness > _BUSY:
        output().print(
            f"The machine was busy: a run took {measured.busyness:.1f} times the time it computed. "
            "Measure again when it is idle, or with --clock cpu."
        )
    elif machine.noise > _NOISY:
        output().print(
            "The measurements are noisy; more --rounds make them steadier"
            f"{', and --clock cpu leaves out what other programs take' if is_wall else ''}.",
            soft_wrap=True,
        )
