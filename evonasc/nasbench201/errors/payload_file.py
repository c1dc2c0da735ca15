"""Measuring what sending does to a sample of networks into a file, resumably.

The rows of one network are every cut of the supernet at 2, 4 and 8 bits without loss, and every
cut, the raw input too, at random widths, losses and packet sizes.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.payload import Sending
from evonasc.data.images import Images
from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_atomically
from evonasc.inputs import MOST_ARRAYS, file_bytes
from evonasc.limits import require_seed
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.errors.payload_fitting import EffectRows, fit_and_judge, ship, unfitted
from evonasc.nasbench201.errors.payload_model import PayloadModel
from evonasc.nasbench201.errors.supernet_scores import SupernetScores
from evonasc.nasbench201.network import SupernetConfig
from evonasc.nasbench201.space import N_STAGES
from evonasc.nasbench201.supernet import shipped_supernet
from evonasc.parsing import json_value, npz_arrays, npz_bytes
from evonasc.supernet.held_out import scoring_images
from evonasc.supernet.payload_effects import PATTERN_SEED, score_sendings
from evonasc.supernet.weights import TrainedSupernet

#: Widths measured without loss at every cut.
MEASURED_BITS = (2, 4, 8)
_LOSSY_BITS = (2, 4, 8, 32)
_LOSSY_ROWS = 3
_LEAST_LOSS, _MOST_LOSS = 0.003, 0.3
_PACKET_BYTES = (500, 1460)


@dataclass(frozen=True)
class EffectTable:
    """Measured rows of networks, in the order of the sample."""

    #: ``(n, 6)`` canonical connected cells.
    cells: IntArray
    #: ``(n, 1 + n_rows)`` mean loss, nats; first undisturbed.
    loss: FloatArray
    #: ``(n, 1 + n_rows)`` top-1 error; first undisturbed.
    error: FloatArray
    #: What made them.
    header: dict[str, Any]


@dataclass(frozen=True)
class EffectConfig:
    """Which networks are measured on how many images.

    Raises:
        ConfigError: A number out of range.
    """

    #: Networks, drawn uniformly.
    n_networks: int = 150
    #: Held-out training images.
    n_images: int = 500
    #: Of the networks and of what is measured on each.
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_images < 1:
            raise ConfigError(f"images must be at least 1, got {self.n_images}.")
        n_known = len(canonical_connected_cells())
        if not 1 <= self.n_networks <= n_known:
            raise ConfigError(f"networks must lie in [1, {n_known}], got {self.n_networks}.")
        require_seed(self.seed)


def sampled_networks(config: EffectConfig) -> IntArray:
    """Return the networks to measure, ``(n_networks, 6)``; more go on where fewer stop."""
    networks = canonical_connected_cells()
    order = np.random.default_rng(config.seed).permutation(len(networks))
    return networks[order[: config.n_networks]]


def sendings_of(number: int, *, n_blocks: int, seed: int) -> list[tuple[int, Sending]]:
    """Return the rows of the network at that place of the sample: (cut, how it is sent)."""
    rng = np.random.default_rng([seed, number])
    rows = [(cut, Sending(bits)) for cut in range(1, n_blocks) for bits in MEASURED_BITS]
    for cut in range(n_blocks):
        for _ in range(_LOSSY_ROWS):
            loss = float(np.exp(rng.uniform(np.log(_LEAST_LOSS), np.log(_MOST_LOSS))))
            bits, room = int(rng.choice(_LOSSY_BITS)), int(rng.choice(_PACKET_BYTES))
            rows.append((cut, Sending(bits, packet_loss=loss, packet_bytes=room)))
    return rows


def measure_to_file(
    out: Path,
    trained: TrainedSupernet,
    images: Images,
    config: EffectConfig,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> EffectTable:
    """Measure a sample of networks, going on where ``out`` stops; written after every network.

    ``config.n_images`` held-out images; progress is told as (networks done, networks in all).

    Raises:
        DataFileError: A started file is damaged.
        ConfigError: ``out`` was made otherwise, or cannot be written.
    """
    n_blocks = len(trained.supernet.blocks)
    cells, header = sampled_networks(config), _header(trained, images, config)
    width = 1 + len(sendings_of(0, n_blocks=n_blocks, seed=config.seed))
    table = EffectTable(cells[:0], np.zeros((0, width)), np.zeros((0, width)), header)
    if out.exists():
        table = read_effects(out)
        n = min(len(table.cells), len(cells))
        if table.header != header or not np.array_equal(table.cells[:n], cells[:n]):
            raise ConfigError(f"{out} was made with other settings. Choose another --out.")
        table = EffectTable(cells[:n], table.loss[:n], table.error[:n], header)
    elif not out.parent.is_dir():
        raise ConfigError(f"The folder of {out} must exist.")
    on_progress(len(table.cells), len(cells))
    for number in range(len(table.cells), len(cells)):
        rows = sendings_of(number, n_blocks=n_blocks, seed=config.seed)
        loss, error = score_sendings(trained.supernet, cells[number].tolist(), images, rows)
        table = EffectTable(
            cells=cells[: number + 1],
            loss=np.concatenate([table.loss, loss[None]]),
            error=np.concatenate([table.error, error[None]]),
            header=header,
        )
        arrays = {"loss": table.loss, "error": table.error, "header": json.dumps(header)}
        write_atomically(out, npz_bytes(cells=table.cells.astype(np.int8), **arrays))
        on_progress(len(table.cells), len(cells))
    return table


def measure_and_fit(
    out: Path,
    data_root: Path | None,
    n_networks: int,
    n_images: int,
    seed: int,
    is_to_ship: bool,
    on_progress: Callable[[int, int], None],
) -> list[str]:
    """Measure the shipped supernet and fit the model; return what was done, in lines.

    Args:
        out: Measurement file; goes on where it stops.
        data_root: Folder with the files of the supernet's data set.
        n_networks: Drawn at random.
        n_images: Held-out images.
        seed: Of the networks and of what is measured on each.
        is_to_ship: Make the model the shipped one.
        on_progress: Called with (networks done, networks in all).

    Raises:
        EvonascError: Data or measurements cannot be had, or the model does not fit.
    """
    config = EffectConfig(n_networks=n_networks, n_images=n_images, seed=seed)
    trained = shipped_supernet()
    images = scoring_images(trained, data_root, n_images=config.n_images)
    table = measure_to_file(out, trained, images, config, on_progress=on_progress)
    own_error = SupernetScores().errors.of_networks(table.cells)
    size = trained.supernet.config
    assert isinstance(size, SupernetConfig)  # shipped for this benchmark
    model = fit_table(table, own_error, config=size, side=images.pixels.shape[-1])
    lines = [
        f"Measured {len(table.cells)} networks into {out}.",
        f"Error at the cut: {model.header['summary']}",
    ]
    if is_to_ship:
        command = (
            f"python -m evonasc supernet payload-effects --data-root DATA --networks "
            f"{config.n_networks} --images {config.n_images} --seed {config.seed} "
            "--out payload.npz --ship"
        )
        lines.append(f"Shipped {ship(model, command=command)}")
    return lines


def effect_rows(table: EffectTable, own_error: FloatArray, *, n_blocks: int) -> EffectRows:
    """Return a table's measurements as rows for a model; see :func:`fit_table`."""
    given = [
        (number, cut, sending)
        for number in range(len(table.cells))
        for cut, sending in sendings_of(number, n_blocks=n_blocks, seed=table.header["seed"])
    ]
    network = np.array([number for number, _, _ in given])
    return EffectRows(
        network=network,
        cells=table.cells[network],
        own_error=own_error[network],
        cut=np.array([cut for _, cut, _ in given]),
        bits=np.array([sending.bits for _, _, sending in given]),
        packet_loss=np.array([sending.packet_loss for _, _, sending in given]),
        packet_bytes=np.array([sending.packet_bytes for _, _, sending in given]),
        increase=(table.error[:, 1:] - table.error[:, :1]).ravel(),
    )


def fit_table(
    table: EffectTable, own_error: FloatArray, *, config: SupernetConfig, side: int
) -> PayloadModel:
    """Fit the model to a table; its header says how it was made and how wrong it is.

    ``own_error`` is ``(n_networks,)``, as a search will give it, ``side`` that of the images.

    Raises:
        ConfigError: Too few networks.
        EvaluationError: The fit does not converge.
    """
    sizes, chance_error = tensor_sizes(config, side=side), 1 - 1 / config.n_classes
    start = unfitted(config.cells_per_stage, sizes, chance_error, table.header)
    return fit_and_judge(effect_rows(table, own_error, n_blocks=config.n_blocks), start)


def tensor_sizes(config: SupernetConfig, *, side: int) -> tuple[int, ...]:
    """Return the values of the tensor at each cut of the supernet but the last."""
    sizes = [3 * side**2, config.channels * side**2]
    for stage in range(N_STAGES):
        # A reduction halves the sides and doubles the channels.
        size = config.channels * side**2 // 2**stage
        sizes += [size] * (config.cells_per_stage + (stage > 0))
    return tuple(sizes)


def _header(trained: TrainedSupernet, images: Images, config: EffectConfig) -> dict[str, object]:
    """Return what decides the measurements, besides the number of networks."""
    return {
        "training": trained.training,
        "weights_sha256": trained.digest,
        "n_images": len(images),
        "seed": config.seed,
        "pattern_seed": PATTERN_SEED,
        "measured_bits": list(MEASURED_BITS),
        "lossy": [_LOSSY_ROWS, *_LOSSY_BITS, _LEAST_LOSS, _MOST_LOSS, *_PACKET_BYTES],
    }


def read_effects(path: Path) -> EffectTable:
    """Read a measurement file.

    Raises:
        DataFileError: Missing, or no measurement file.
    """
    data = file_bytes(path, kind="file of payload effects", most=MOST_ARRAYS)
    try:
        file = npz_arrays(data, ("cells", "loss", "error", "header"))
        table = EffectTable(
            cells=file["cells"].astype(np.int64),
            loss=file["loss"].astype(np.float64),
            error=file["error"].astype(np.float64),
            header=json_value(str(file["header"])),
        )
        shape = (len(table.cells), table.error.shape[-1])
        if table.cells.shape != (shape[0], 6) or not table.loss.shape == table.error.shape == shape:
            raise ValueError("its arrays do not fit each other")
    except ValueError as error:
        raise DataFileError(f"{path} is no file of payload effects: {error}.") from error
    return table
