"""The benchmark FBNet on CIFAR-100: its space and machines; errors are not there yet."""

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
