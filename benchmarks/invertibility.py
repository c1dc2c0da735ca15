"""How much of an image can be rebuilt from what the device sends? Cut by cut, by a linear decoder.

    python benchmarks/invertibility.py --data-root FOLDER

FOLDER holds CIFAR-10. For some networks of NAS-Bench-201 on the shipped supernet's weights, and for
each cut between its blocks, the payload is quantised as it would be sent; a linear map from 3 x 3
places of the tensor to the pixels below the middle one is fitted by ridge regression to images
that the supernet held out, and tried on others of them. Reported is the peak signal-to-noise ratio,
dB, of all pixels tried (8 bits a pixel; the mean image alone has that of the row "nothing sent").

It bounds privacy from one side only: whoever trains a deeper decoder rebuilds more, never less.

Writes benchmarks/results/invertibility.csv.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import pixel_unshuffle, unfold

from evonasc.data.datasets import load_data
from evonasc.data.images import Images
from evonasc.files import write_atomically
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.supernet import shipped_supernet
from evonasc.runs.tables import as_csv
from evonasc.supernet.batches import as_input
from evonasc.supernet.family import Supernet
from evonasc.supernet.payload_effects import quantise

OUT = Path(__file__).parent / "results" / "invertibility.csv"
NETWORKS = {
    "3 x 3 convolutions": (3,) * 6,
    "1 x 1 convolutions": (2,) * 6,
    "skips": (1,) * 6,
}
BITS = (8, 4, 2)
N_FITTED, N_TRIED, BATCH = 1000, 500, 250
N_ALL = N_FITTED + N_TRIED
#: Added to the diagonal, as a share of its mean.
RIDGE = 1e-6


def payloads(
    supernet: Supernet, network: tuple[int, ...], images: Images, *, cut: int, bits: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield places of the tensor, ``(n, k)``, and pixels below them, ``(n, m)``, batch by batch."""
    for rows in np.array_split(np.arange(len(images)), len(images) // BATCH):
        pixels = torch.from_numpy(images.pixels[rows]).float()
        with torch.inference_mode():
            sent = quantise(supernet(as_input(images.pixels[rows]), network, stop=cut), bits=bits)
        n_pixels = pixels.shape[-1] // sent.shape[-1]
        around = unfold(sent.float(), 3, padding=1).transpose(1, 2).flatten(0, 1)
        below = pixel_unshuffle(pixels, n_pixels).flatten(2).transpose(1, 2).flatten(0, 1)
        yield torch.cat([around, torch.ones(len(around), 1)], dim=1), below


def ratio_db(
    supernet: Supernet, network: tuple[int, ...], images: Images, *, cut: int, bits: int
) -> float:
    """Return the peak signal-to-noise ratio of images rebuilt by the fitted decoder, dB."""
    fitted, tried = images.take(np.arange(N_FITTED)), images.take(np.arange(N_FITTED, N_ALL))
    square, mixed = torch.zeros(1, 1), torch.zeros(1, 1)
    for around, below in payloads(supernet, network, fitted, cut=cut, bits=bits):
        square = square + (around.T @ around).double()
        mixed = mixed + (around.T @ below).double()
    ridge = RIDGE * square.diagonal().mean() * torch.eye(len(square), dtype=torch.float64)
    decoder = torch.linalg.solve(square + ridge, mixed).float()
    wrong = [
        float((((around @ decoder).clamp(0, 255) - below) ** 2).mean())
        for around, below in payloads(supernet, network, tried, cut=cut, bits=bits)
    ]
    return decibels(float(np.mean(wrong)))


def decibels(mean_square: float) -> float:
    """Return the ratio of a mean squared error of pixels in [0, 255], dB."""
    return float(10 * np.log10(255**2 / mean_square))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    trained = shipped_supernet()
    supernet = trained.supernet
    data = load_data("cifar10", arguments.data_root, seed=trained.split_seed)
    images, space = data.validation.take(np.arange(N_ALL)), BENCHMARK.make_space()
    names = space.block_names
    pixels = images.pixels.astype(np.float64)
    nothing = float(((pixels[N_FITTED:] - pixels[:N_FITTED].mean(axis=0)) ** 2).mean())
    rows: list[dict[str, object]] = [
        {"network": "any", "split_point": space.n_blocks, "after": "nothing sent", "bits": 0}
        | {"psnr_db": round(decibels(nothing), 2)}
    ]
    print(rows[0])
    cuts = supernet.cuts().tolist()
    for name, network in NETWORKS.items():
        for cut in range(1, len(supernet.blocks)):
            if name != "skips" and cut == 1:
                continue  # the stem is everybody's
            split = cuts.index(cut)
            for bits in BITS:
                ratio = ratio_db(supernet, network, images, cut=cut, bits=bits)
                row = {"network": "any" if cut == 1 else name, "split_point": split}
                rows.append(
                    row | {"after": names[split - 1], "bits": bits, "psnr_db": round(ratio, 2)}
                )
                print(rows[-1], flush=True)
    write_atomically(OUT, as_csv(rows))


if __name__ == "__main__":
    main()
