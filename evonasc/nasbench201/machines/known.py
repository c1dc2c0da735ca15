"""The machines that HW-NAS-Bench and HELP measured or simulated, and what is said of each.

References: Li et al. 2021, "HW-NAS-Bench: Hardware-Aware Neural Architecture Search Benchmark",
ICLR, arXiv 2103.10584; Lee et al. 2021, "HELP: Hardware-Adaptive Efficient Latency Prediction for
NAS via Meta-Learning", NeurIPS, arXiv 2106.08630.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class KnownHardware:
    """One machine that the benchmark measured or simulated."""

    #: Name on the command line and in scenarios.
    name: str
    #: For people: the machine, who measured it, and with what.
    description: str
    #: Column of the measurements.
    column: str
    #: ``closed form`` (simulated, exact) or ``fitted`` (measured, with an error).
    kind: Literal["closed form", "fitted"] = "fitted"
    #: Inputs computed at once; the measured time is that of all of them, and shown per input.
    batch: int = 1
    #: Whether dead operations are removed before running (TFLite, TensorRT); PyTorch runs them.
    is_compiled: bool = False
    #: What is predicted. ``median``: the usual time. Where the clock jumps and one network has
    #: several usual times, the time that has most measurements within 10 %: ``centre`` (the usual
    #: time, shifted by network size) or ``window`` (trained for it, then shifted).
    aim: Literal["centre", "median", "window"] = "median"
    #: Power while computing, mW; None if unknown.
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
            column="latency_ms_1080ti_1",
        ),
        KnownHardware(
            name="1080ti_busy",
            description="NVIDIA GTX 1080 Ti (HELP, PyTorch, time per input of a batch of 32)",
            column="latency_ms_1080ti_32",
            batch=32,
        ),
        KnownHardware(
            name="edgegpu",
            description="NVIDIA Jetson TX2 GPU (HW-NAS-Bench, TensorRT, batch 1)",
            column="latency_ms_edgegpu",
            is_compiled=True,
            typical_power_mw=10_000.0,  # assumed: between the board's two power modes
        ),
        KnownHardware(
            name="edgetpu",
            description="Google Edge TPU (HW-NAS-Bench, TFLite, batch 1)",
            column="latency_ms_edgetpu",
            is_compiled=True,
            typical_power_mw=2_000.0,  # assumed: 4 TOPS at 2 TOPS/W
        ),
        KnownHardware(
            name="eyeriss",
            description="Eyeriss accelerator, simulated (HW-NAS-Bench, batch 1)",
            column="latency_ms_eyeriss",
            kind="closed form",
            typical_power_mw=198.0,  # HW-NAS-Bench: mean energy over mean latency
        ),
        KnownHardware(
            name="fpga",
            description="FPGA accelerator, simulated (HW-NAS-Bench, batch 1)",
            column="latency_ms_fpga",
            kind="closed form",
            typical_power_mw=7_000.0,  # HW-NAS-Bench: energy is 7 mJ a ms
        ),
        KnownHardware(
            name="gold_6226",
            description="Intel Xeon Gold 6226 (HELP, PyTorch, batch 1)",
            column="latency_ms_gold_6226",
        ),
        KnownHardware(
            name="pixel3",
            description="Google Pixel 3 (HW-NAS-Bench, TFLite, batch 1)",
            column="latency_ms_pixel3",
            is_compiled=True,
            aim="centre",
            typical_power_mw=2_500.0,  # assumed: one big core
        ),
        KnownHardware(
            name="raspi4",
            description="Raspberry Pi 4 (HW-NAS-Bench, TFLite, batch 1)",
            column="latency_ms_raspi4",
            is_compiled=True,
            aim="window",
            typical_power_mw=6_400.0,  # assumed: all cores busy
            idle_power_mw=2_700.0,  # assumed: the board at rest, 0.54 A at 5 V
        ),
        KnownHardware(
            name="titan_rtx",
            description="NVIDIA Titan RTX (HELP, PyTorch, batch 1)",
            column="latency_ms_titan_rtx_1",
        ),
        KnownHardware(
            name="titan_rtx_busy",
            description="NVIDIA Titan RTX (HELP, PyTorch, time per input of a batch of 32)",
            column="latency_ms_titan_rtx_32",
            batch=32,
        ),
    )
}
