"""The benchmark NAS-Bench-201: its cells and space, its network, machines' times and errors."""

from evonasc.benchmark import Benchmark
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.nasbench201.space import NasBench201
from evonasc.plugins import Registry

_ERRORS = "evonasc.nasbench201.errors"

BENCHMARK = Benchmark(
    name="nasbench201",
    make_space=NasBench201,
    machines=Registry(
        "hardware",
        "hardware",
        {
            name: ("evonasc.nasbench201.machines.machine:KnownMachine", machine.description)
            for name, machine in HARDWARE.items()
        },
    ),
    errors=Registry(
        "accuracy",
        "errors",
        {
            "cotrained": (
                f"{_ERRORS}.weights:COTRAINED",
                "weights that the search itself trains (nasc-cotrain, gdas; --data)",
            ),
            "joined": (
                f"{_ERRORS}.joined:JOINED",
                "order joined from training-free proxies and stored supernet scores, or yours "
                "(--scores; the default)",
            ),
            "live": (
                f"{_ERRORS}.weights:LIVE",
                "forward passes of the shipped supernet on your copy of its data (--data-root), or "
                "of your own (--weights)",
            ),
            "supernet": (
                f"{_ERRORS}.supernet_scores:SUPERNET",
                "stored scores of the shipped supernet, or of yours (--scores)",
            ),
        },
    ),
    default_error="joined",
    trained_error="cotrained",
    tools=Registry(
        "tool of a benchmark",
        "tools",
        {
            "fit-machines": (
                "evonasc.nasbench201.machines.fitting:fit_machines",
                "fit the latency predictors of its machines to measurements, and ship them",
            ),
            "payload-effects": (
                f"{_ERRORS}.payload_file:measure_and_fit",
                "measure the shipped supernet, and fit the model that ships",
            ),
            "rank": (
                f"{_ERRORS}.rank_table:rank_table",
                "set signals against benchmark accuracies",
            ),
            "ship-proxies": ("evonasc.nasbench201.shipping:ship_proxies", "make proxies ship"),
            "ship-scores": (
                "evonasc.nasbench201.shipping:ship_supernet",
                "make a supernet and its scores ship",
            ),
        },
    ),
    assets=ASSETS,
    supernet="evonasc.nasbench201.supernet:FAMILY",
)
