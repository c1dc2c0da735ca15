"""A user's own images, end to end: four classes of generated textures, three commands, timed.

    python benchmarks/own_images.py [--images 150] [--epochs 60] [--jobs 2] --out DIR

Writes the textures as PNG files below ``DIR/images``, one folder a class, then trains, scores and
searches through the command line, as a user would.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image

from evonasc.cli import main as evonasc

SIZE = 48
CLASSES = ("checks", "rings", "spots", "stripes")


def texture(name: str, rng: np.random.Generator) -> np.ndarray:
    """Draw one texture, ``(SIZE, SIZE, 3)`` bytes: random scale, turn, tint and noise."""
    angle, scale = rng.uniform(0, np.pi), rng.uniform(2.5, 4.5)
    y, x = np.mgrid[:SIZE, :SIZE] - rng.uniform(0, SIZE, size=2)[:, None, None]
    u = (x * np.cos(angle) + y * np.sin(angle)) / scale
    v = (y * np.cos(angle) - x * np.sin(angle)) / scale
    wave = {
        "checks": np.sign(np.sin(u) * np.sin(v)),
        "rings": np.sin(np.hypot(u, v) * 2),
        "spots": np.cos(u) + np.cos(v) - 0.8,
        "stripes": np.sin(u * 1.5),
    }[name]
    low, high = rng.integers(0, 90, size=3), rng.integers(150, 256, size=3)
    share = ((wave - wave.min()) / np.ptp(wave))[..., None]
    noisy = low + share * (high.astype(float) - low) + rng.normal(0, 20, size=(SIZE, SIZE, 3))
    return noisy.clip(0, 255).astype(np.uint8)


def main() -> None:
    """Make the images, run the three commands, print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=150, help="of each class")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rng, images = np.random.default_rng(0), arguments.out / "images"
    for name in CLASSES:
        (images / name).mkdir(parents=True)
        for number in range(arguments.images):
            Image.fromarray(texture(name, rng)).save(images / name / f"{number:03d}.png")
    trained, scores = arguments.out / "supernet", arguments.out / "scores.npz"
    commands = (
        f"supernet train --data folder:{images} --epochs {arguments.epochs} --out {trained}",
        f"supernet score --weights {trained / 'checkpoint.safetensors'} "
        f"--jobs {arguments.jobs} --out {scores}",
        f"run --scores {scores} --out {arguments.out / 'run'}",
    )
    for command in commands:
        started = time.perf_counter()
        code = evonasc(command.split())
        words = " ".join(command.split()[:2])
        print(f"-- {words}: exit code {code}, {time.perf_counter() - started:.0f} s", flush=True)
        if code:
            raise SystemExit(code)


if __name__ == "__main__":
    main()
