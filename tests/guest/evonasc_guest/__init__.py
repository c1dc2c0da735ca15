"""A guest of evonasc: a benchmark with a space of its own, two machines and a source of errors.

Shaped like FBNet's space: 22 layers of 9 choices, stages with strides, skips that are identities,
more networks than 64 bits count. The numbers are made up.
"""

from evonasc.benchmark import Benchmark
from evonasc.plugins import Registry
from evonasc_guest.space import Ladder

BENCHMARK = Benchmark(
    name="ladder",
    make_space=Ladder,
    description="ladders of 22 layers, made up",
    machines=Registry(
        "hardware",
        "hardware",
        {
            "ladder-phone": ("evonasc_guest.machines:BlockTimes", "a made-up phone"),
            "ladder-server": ("evonasc_guest.machines:BlockTimes", "a made-up server"),
        },
    ),
    errors=Registry(
        "accuracy",
        "errors",
        {"by-size": ("evonasc_guest.errors:BY_SIZE", "larger networks err less")},
    ),
    default_error="by-size",
    default_scenario="ladder-10mbps",
)
