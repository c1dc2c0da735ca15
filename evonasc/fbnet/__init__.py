"""The benchmark FBNet on CIFAR-100: its space, machines and supernet; no weights ship."""

from evonasc.benchmark import Benchmark
from evonasc.fbnet.assets import ASSETS
from evonasc.fbnet.machines.known import HARDWARE
from evonasc.fbnet.space import FBNet
from evonasc.plugins import Registry

BENCHMARK = Benchmark(
    name="fbnet",
    make_space=FBNet,
    machines=Registry(
        "hardware",
        "hardware",
        {
            name: ("evonasc.fbnet.machines.machine:KnownMachine", machine.description)
            for name, machine in HARDWARE.items()
        },
    ),
    errors=Registry(
        "accuracy",
        "errors",
        {
            "cotrained": (
                "evonasc.fbnet.errors:COTRAINED",
                "weights that the search itself trains (nasc-cotrain; --data)",
            ),
            "live": (
                "evonasc.fbnet.errors:LIVE",
                "forward passes of your supernet on its images (--weights)",
            ),
        },
    ),
    trained_error="cotrained",
    supernet="evonasc.fbnet.supernet:FAMILY",
    tools=Registry(
        "tool of a benchmark",
        "tools",
        {
            "fit-machines": (
                "evonasc.fbnet.machines.fitting:fit_machines",
                "fit the models of its machines to measurements, and ship them",
            ),
            "import-machines": (
                "evonasc.fbnet.machines.importing:import_machines",
                "write the machines of a published table of blocks, which the user brings",
            ),
        },
    ),
    assets=ASSETS,
)
