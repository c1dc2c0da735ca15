"""The machines that HW-NAS-Bench and HELP measured or simulated on FBNet's networks.

References: Li et al. 2021, "HW-NAS-Bench: Hardware-Aware Neural Architecture Search Benchmark",
ICLR, arXiv 2103.10584; Lee et al. 2021, "HELP: Hardware-Adaptive Efficient Latency Prediction for
NAS via Meta-Learning", NeurIPS, arXiv 2106.08630.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class KnownHardware:
    """One machine, and what is known of it."""

    #: Name on the command line and in scenarios.
    name: str
    #: For people: the machine, who measured it, and with what.
    description: str
    #: What its model is fitted to: ``blocks``, single blocks measured on it; ``closed form``, the
    #: same, simulated, without an error; ``networks``, whole networks measured on it.
    kind: Literal["blocks", "closed form", "networks"]
    #: Column of whole networks' times; empty where they are sums of blocks only.
    column: str = ""
    #: Inputs computed at once; the measured time is that of all of them, and shown per input.
    batch: int = 1
    #: Whether a block left out, where the shape stays, costs the copying of its input.
    copies_cost: bool = False
    #: Whether energies of its blocks are given, and so its power.
    has_energy: bool = False
    #: Power while computing, mW, where no energies are given; None if unknown.
    typical_power_mw: float | None = None
    #: Power while waiting for an answer, mW; None if unknown.
    idle_power_mw: float | None = None


#: Every machine, by name.
HARDWARE: dict[str, KnownHardware] = {
    machine.name: machine
    for machine in (
        KnownHardware(
            name="1080ti",
            description="NVIDIA GTX 1080 Ti (HELP, PyTorch, batch 1)",
            kind="networks",
            column="latency_ms_1080ti_1",
        ),
        KnownHardware(
            name="1080ti_busy",
            description="NVIDIA GTX 1080 Ti (HELP, PyTorch, time per input of a batch of 32)",
            kind="networks",
            column="latency_ms_1080ti_32",
            batch=32,
        ),
        KnownHardware(
            name="2080ti",
            description="NVIDIA RTX 2080 Ti (HELP, PyTorch, batch 1)",
            kind="networks",
            column="latency_ms_2080ti_1",
        ),
        KnownHardware(
            name="edgegpu",
            description="NVIDIA Jetson TX2 GPU (HW-NAS-Bench, TensorRT, batch 1)",
            kind="blocks",
            has_energy=True,
        ),
        KnownHardware(
            name="eyeriss",
            description="Eyeriss accelerator, simulated (HW-NAS-Bench, batch 1)",
            kind="blocks",
            column="latency_ms_eyeriss",
            has_energy=True,
        ),
        KnownHardware(
            name="fpga",
            description="FPGA accelerator, simulated (HW-NAS-Bench, batch 1)",
            kind="closed form",
            column="latency_ms_fpga",
            has_energy=True,
        ),
        KnownHardware(
            name="gold_6226",
            description="Intel Xeon Gold 6226 (HELP, PyTorch, batch 1)",
            kind="networks",
            column="latency_ms_gold_6226",
        ),
        KnownHardware(
            name="pixel3",
            description="Google Pixel 3 (HW-NAS-Bench, TFLite, batch 1)",
            kind="blocks",
            column="latency_ms_pixel3",
            copies_cost=True,
            typical_power_mw=2_500.0,  # assumed: one big core
        ),
        KnownHardware(
            name="raspi4",
            description="Raspberry Pi 4 (HW-NAS-Bench, TFLite, batch 1)",
            kind="blocks",
            column="latency_ms_raspi4",
            copies_cost=True,
            typical_power_mw=6_400.0,  # assumed: all cores busy
            idle_power_mw=2_700.0,  # assumed: the board at rest, 0.54 A at 5 V
        ),
        KnownHardware(
            name="silver_4114",
            description="Intel Xeon Silver 4114 (HELP, PyTorch, batch 1)",
            kind="networks",
            column="latency_ms_silver_4114",
        ),
        KnownHardware(
            name="titan_rtx",
            description="NVIDIA Titan RTX (HELP, PyTorch, batch 1)",
            kind="networks",
            column="latency_ms_titan_rtx_1",
        ),
        KnownHardware(
            name="titan_rtx_busy",
            description="NVIDIA Titan RTX (HELP, PyTorch, time per input of a batch of 32)",
            kind="networks",
            column="latency_ms_titan_rtx_32",
            batch=32,
        ),
    )
}
