"""Scenarios by name, and from files of the user."""

from pathlib import Path

from evonasc.cost.machine_table import is_machine_file
from evonasc.cost.scenario import Scenario, override
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.field_types import argument
from evonasc.foreign_code import refuse_code
from evonasc.inputs import toml_file
from evonasc.plugins import Registry

RASPI4_10 = Scenario(name="raspi4-edgegpu-10mbps")
RASPI4_5 = Scenario(name="raspi4-edgegpu-5mbps", uplink_mbps=5.0)
RASPI4_50 = Scenario(name="raspi4-edgegpu-50mbps", uplink_mbps=50.0)
PIXEL3_LTE = Scenario(
    name="pixel3-busygpu-20mbps-lte",
    head_hardware="pixel3",
    tail_hardware="1080ti_busy",
    uplink_mbps=20.0,
    one_way_delay_ms=10.0,
    radio="lte",
)
EYERISS = Scenario(
    name="eyeriss-busygpu-30mbps",
    head_hardware="eyeriss",
    tail_hardware="titan_rtx_busy",
    uplink_mbps=30.0,
)

DEFAULT_SCENARIO = RASPI4_10.name
#: The scenarios; another package gives a :class:`Scenario` or the path of a TOML file.
SCENARIOS = Registry(
    "scenario",
    "scenarios",
    {
        scenario.name: (f"{__name__}:{constant}", words)
        for constant, scenario, words in (
            ("RASPI4_10", RASPI4_10, "a Raspberry Pi 4 and a Jetson TX2 GPU, 10 Mbit/s"),
            ("RASPI4_5", RASPI4_5, "the same machines, 5 Mbit/s"),
            ("RASPI4_50", RASPI4_50, "the same machines, 50 Mbit/s"),
            ("PIXEL3_LTE", PIXEL3_LTE, "a Pixel 3 and a busy GTX 1080 Ti, 20 Mbit/s LTE"),
            ("EYERISS", EYERISS, "an Eyeriss accelerator and a busy Titan RTX, 30 Mbit/s"),
        )
    },
)


def named_scenario(name: str) -> Scenario:
    """Return the scenario of that name, or read it from a TOML file if the name ends in .toml.

    Raises:
        UnknownNameError: No such scenario.
        DataFileError: The file cannot be read or is no TOML.
        ConfigError: The file holds something that is no scenario.
        PluginError: Another package's scenario cannot be used.

    Example:
        >>> named_scenario("raspi4-edgegpu-5mbps").uplink_mbps
        5.0
    """
    name = argument("name", str, name)
    if name.endswith(".toml"):
        return read_scenario(Path(name))
    found = SCENARIOS.load(name)
    if isinstance(found, str | Path):
        return read_scenario(Path(found))
    if not isinstance(found, Scenario):
        raise SCENARIOS.broken(
            SCENARIOS.entry(name),
            f"it must be a Scenario or the path of a TOML file, got {type(found).__name__}",
        )
    return found


def read_scenario(path: Path) -> Scenario:
    """Read a TOML file whose keys are the fields of :class:`Scenario`.

    What it leaves out is taken from the named scenario ``base``, or from the default one. The file
    of a machine is looked for from the folder of the scenario.

    Raises:
        DataFileError: The file cannot be read or is no TOML.
        UnknownNameError: Unknown keys, or an unknown base.
        ConfigError: Wrong types, or values out of range.
    """
    values, _ = toml_file(path, kind="scenario")
    machines = ("head_hardware", "tail_hardware")
    refuse_code((values.get(key) for key in machines), where=path)
    base = str(values.pop("base", DEFAULT_SCENARIO))
    if base not in SCENARIOS:
        raise UnknownNameError("base scenario", base, SCENARIOS)
    for key in machines:
        named = values.get(key)
        if isinstance(named, str) and is_machine_file(named):
            values[key] = str(path.parent / named)  # a file beside the scenario's, or an absolute
    try:
        return override(named_scenario(base), {"name": path.stem, **values})
    except ConfigError as error:
        raise ConfigError(f"In {path}: {error}") from error
