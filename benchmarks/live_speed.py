"""Live evaluation against a plain loop: time of one search, its front, and the rate of convolution.

The designs are those of an nsga2 search. The **plain loop** takes each of them by itself: a forward
pass of the network in single precision, channels first as torch has them by default, on the same
images and batches; nothing is shared between two cuts of a network, between networks, or between
runs. The **new path** is what ``evonasc run --accuracy live`` does without anything kept on disk.

One thread. CPU time (process_time), since other work may share the machine; the plain passes are
timed between the batches of the search, in the same process, so that both meet the same machine. A
network that stands for several designs is timed once and counted as often as it stands.

The best rate is that of one 3 x 3 convolution of 256 channels, channels last. Of the paths, two
rates: of the convolutions alone, and of their operations over all the time spent.

    python benchmarks/live_speed.py --data-root DIR [--images 1000] [--budget 500] [--seed 0]

Writes benchmarks/results/live_speed.txt.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from evonasc.files import write_atomically
from evonasc.front import non_dominated
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.cells import cell_number
from evonasc.nasbench201.errors.supernet_scores import shipped_scores
from evonasc.nasbench201.supernet import shipped_supernet
from evonasc.problems import SplitNasProblem
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import Prepared
from evonasc.runs.run import run_prepared
from evonasc.search.config import SearchConfig
from evonasc.supernet.batches import as_input
from evonasc.supernet.held_out import scoring_images
from evonasc.supernet.image_losses import ImageLosses
from evonasc.supernet.live import LiveSupernet
from evonasc.supernet.quick_forward import QuickScorer

CPU = torch.device("cpu")
OUT = Path(__file__).parent / "results" / "live_speed.txt"


class ConvolutionMeter:
    """Counts operations and CPU time of a network's convolutions."""

    def __init__(self, network):
        self.operations, self.seconds, self._started = 0, 0.0, 0.0
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.register_forward_pre_hook(self._before)
                module.register_forward_hook(self._after)

    def _before(self, module, inputs):
        self._started = time.process_time()

    def _after(self, module, inputs, output):
        self.seconds += time.process_time() - self._started
        self.operations += 2 * output.numel() * module.weight[0].numel()


class PlainLoop:
    """Runs a network by itself, in single precision, channels first."""

    def __init__(self, supernet, images, batches):
        self._supernet = supernet.to(memory_format=torch.contiguous_format)
        self.meter = ConvolutionMeter(self._supernet)
        self._batches = [
            (as_input(images.pixels[rows]).contiguous(), torch.from_numpy(images.labels[rows]))
            for rows in batches
        ]
        self.loss, self.seconds = {}, {}

    def run(self, cell):
        """Run a network that was not run before, and take its time."""
        number = int(cell_number(cell[None])[0])
        if number in self.loss:
            return
        started, total = time.process_time(), 0.0
        with torch.inference_mode():
            for pixels, labels in self._batches:
                scores = self._supernet(pixels, cell.tolist())
                total += float(torch.nn.functional.cross_entropy(scores, labels, reduction="sum"))
        self.seconds[number] = time.process_time() - started
        self.loss[number] = total / sum(len(labels) for _, labels in self._batches)


def best_rate(dtype):
    """Return the greatest rate of one large convolution, GFLOP/s."""
    x = torch.randn(16, 256, 32, 32).to(dtype).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(256, 256, 3, 3).to(dtype).contiguous(memory_format=torch.channels_last)
    seconds = []
    with torch.inference_mode():
        for _ in range(4):
            started = time.process_time()
            torch.nn.functional.conv2d(x, weight, padding=1)
            seconds.append(time.process_time() - started)
    return 2 * 16 * 256 * 256 * 9 * 32 * 32 / min(seconds) / 1e9


def search(images, arguments, *, on_batch):
    """Return (result, its CPU seconds, the meter of its convolutions, its losses)."""
    trained, started = shipped_supernet(), time.process_time()
    scorer = QuickScorer(trained.supernet, images, device=CPU)
    meter = ConvolutionMeter(scorer._supernet)
    losses = ImageLosses(scorer, None)
    live = LiveSupernet(
        trained,
        losses,
        None,  # nothing is sent that would change the error
        loss_to_error=shipped_scores().loss_to_error(),
    )
    problem = SplitNasProblem(BENCHMARK, RunConfig().scenario, live)
    aside = [0.0]

    def on_new(genes, columns):
        paused = time.process_time()
        on_batch(genes)
        aside[0] += time.process_time() - paused

    config = RunConfig(search=SearchConfig(budget=arguments.budget, seed=arguments.seed))
    prepared = Prepared.of(problem, config, is_stored=False)
    result = run_prepared(prepared, on_new=on_new)
    return result, time.process_time() - started - aside[0], meter, losses


def main():
    """Measure and write benchmarks/results/live_speed.txt."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--budget", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    trained = shipped_supernet()
    images = scoring_images(trained, arguments.data_root, n_images=arguments.images)
    batches = QuickScorer(trained.supernet, images, device=CPU).batches
    plain = PlainLoop(shipped_supernet().supernet, images, batches)
    rates = [(best_rate(torch.float32), best_rate(torch.bfloat16))]

    def run_plain(genes):
        for cell in genes[:, :6]:
            plain.run(cell)

    result, seconds, meter, losses = search(images, arguments, on_batch=run_plain)
    rates.append((best_rate(torch.float32), best_rate(torch.bfloat16)))
    best = np.max(rates, axis=0)

    cells = result.genes[:, :6]
    numbers = cell_number(cells).tolist()
    plain_seconds = sum(plain.seconds[number] for number in numbers)
    once_seconds = sum(plain.seconds.values())
    quick, exact = losses.mean(cells), np.array([plain.loss[number] for number in numbers])
    latency = result.columns["latency_ms"]
    fronts = [
        set(np.flatnonzero(non_dominated(np.stack([loss, latency], axis=1))).tolist())
        for loss in (quick, exact)
    ]
    lines = [
        f"python benchmarks/live_speed.py --data-root DIR --images {arguments.images} --budget "
        f"{arguments.budget} --seed {arguments.seed}",
        f"one thread, CPU time; {len(result.genes)} designs of an nsga2 search, {len(plain.loss)} "
        f"networks, {arguments.images} images",
        "",
        f"plain loop, every design      {plain_seconds:8.1f} s    1.0x",
        f"plain loop, every network     {once_seconds:8.1f} s {plain_seconds / once_seconds:6.1f}x",
        f"new path                      {seconds:8.1f} s {plain_seconds / seconds:6.1f}x   "
        f"({losses.n_passes} passes of networks on batches)",
        "",
        f"front of the same designs by losses of either: {len(fronts[0])} and {len(fronts[1])} "
        f"designs, {len(fronts[0] & fronts[1])} in both; losses differ by "
        f"{np.abs(quick - exact).max():.5f} nats at most, {np.abs(quick - exact).mean():.5f} on "
        "average",
        "",
        f"best convolution rate: {best[0]:.0f} GFLOP/s float32, {best[1]:.0f} GFLOP/s bfloat16",
    ]
    for name, metered, taken, peak in (
        ("plain loop", plain.meter, once_seconds, best[0]),
        ("new path", meter, seconds, best[1]),
    ):
        alone = metered.operations / metered.seconds / 1e9
        overall = metered.operations / taken / 1e9
        lines.append(
            f"{name}: {alone:.0f} GFLOP/s in convolutions ({alone / peak:.0%} of the best), "
            f"{overall:.0f} over all time ({overall / peak:.0%}); convolutions take "
            f"{metered.seconds / taken:.0%} of it"
        )
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    write_atomically(OUT, text.encode())


if __name__ == "__main__":
    main()
