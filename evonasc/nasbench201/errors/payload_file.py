"""Measuring what sending does to a sample of networks into a file, resumably.

The rows of one network are every cut of the supernet at 2, 4 and 8 bits without loss, and every
cut, the raw input too, at random widths, losses and packet sizes.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.payload import Sending
from evonasc.data.datasets import Images
from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_atomically
from evonasc.limits import require_seed
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.errors.payload_fitting import EffectRows, fit_and_judge
from evonasc.nasbench201.errors.payload_model import PayloadModel
from evonasc.nasbench201.network import N_STAGES, SupernetConfig
from evonasc.parsing import json_value, npz_arrays
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
    header: dict[str, object]

    @property
    def seed(self) -> int:
        """Of the networks and of what was measured on each."""
        seed = self.header["seed"]
        assert isinstance(seed, int)  # compared with an EffectConfig's when the file was read
        return seed


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
    """Return the rows of the sample's network of that number: (cut, how it is sent).

    Args:
        number: Place in the sample.
        n_blocks: Of the supernet.
        seed: Of the configuration.
    """
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
    """Measure a sample of networks, going on where ``out`` stops.

    Args:
        out: Measurement file; written after every network.
        trained: The supernet.
        images: Held-out images, ``config.n_images`` of them.
        config: Networks, images, seed.
        on_progress: Called with (networks done, networks in all).

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
        write_atomically(out, _encode(table))
        on_progress(len(table.cells), len(cells))
    return table


def effect_rows(table: EffectTable, own_error: FloatArray, *, n_blocks: int) -> EffectRows:
    """Return a table's measurements as rows for a model.

    Args:
        table: Measured.
        own_error: ``(n_networks,)`` error of each network as a search will give it.
        n_blocks: Of the supernet.
    """
    given = [
        (number, cut, sending)
        for number in range(len(table.cells))
        for cut, sending in sendings_of(number, n_blocks=n_blocks, seed=table.seed)
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

    Args:
        table: Measured.
        own_error: ``(n_networks,)`` error of each network as a search will give it.
        config: Size of the supernet.
        side: Of the images.

    Raises:
        ConfigError: Too few networks.
        EvaluationError: The fit does not converge.
    """
    return fit_and_judge(
        effect_rows(table, own_error, n_blocks=config.n_blocks),
        cells_per_stage=config.cells_per_stage,
        n_values=tensor_sizes(config, side=side),
        chance_error=1 - 1 / config.n_classes,
        header=table.header,
    )


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


def _encode(table: EffectTable) -> bytes:
    """Return the bytes of a measurement file (npz without pickles)."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        cells=table.cells.astype(np.int8),
        loss=table.loss,
        error=table.error,
        header=np.array(json.dumps(table.header)),
    )
    return buffer.getvalue()


def read_effects(path: Path) -> EffectTable:
    """Read a measurement file.

    Raises:
        DataFileError: Missing, or no measurement file.
    """
    try:
        file = npz_arrays(path.read_bytes(), ("cells", "loss", "error", "header"))
        table = EffectTable(
            cells=file["cells"].astype(np.int64),
            loss=file["loss"].astype(np.float64),
            error=file["error"].astype(np.float64),
            header=json_value(str(file["header"])),
        )
        shape = (len(table.cells), table.error.shape[-1])
        if table.cells.shape != (shape[0], 6) or not table.loss.shape == table.error.shape == shape:
            raise ValueError("its arrays do not fit each other")
    except (OSError, ValueError) as error:
        raise DataFileError(f"{path} is no file of payload effects: {error}.") from error
    return table
