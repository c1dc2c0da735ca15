"""How much narrow payloads and lost packets raise a network's error: the model that ships.

Each harm makes the network miss at a rate of its own, and the rates add up (our formulation):

    increase = (chance error - own error) * (1 - exp(-(quantisation rate + loss rate)))

    quantisation rate = exp(a[cut] + network) at 2 bits, a share s[cut] of it at 4, 0 from 8 on
    loss rate = (p / (1 - p)) ** g * (share of the tensor in a packet) ** k * exp(b[cut] + network)

Shares lie in [0, 1], g is positive and k is not negative, so the increase never falls with fewer
bits or more loss, and is 0 where nothing is rounded or lost. The two network parts are linear in
the operations of the six edges and in the own error, each once for all cuts and once for the kind
of the cut. :mod:`evonasc.nasbench201.errors.payload_fitting` fits them to forward passes.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.payload import LEAST_HARMLESS_BITS
from evonasc.cost.scenario import Scenario
from evonasc.errors import AssetError, ConfigError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import EDGES, NONE, OPERATIONS, cell_number
from evonasc.nasbench201.space import supernet_cuts
from evonasc.parsing import json_value, npz_arrays, npz_bytes
from evonasc.space import DesignSpace

PAYLOAD_ASSET = "supernet/cifar10-c16-n1-payload.npz"
#: Kinds of cuts: raw input or stem, after a cell, after a reduction.
N_KINDS = 3
_MOST_RATE = 10.0  # of a logarithm: beyond, the network guesses anyway
_USUAL_LOGIT = -1.2  # of an error of 23 %; centres the feature


@dataclass(frozen=True)
class PayloadModel:
    """The increase of the error, from a cut, a width, a loss and the network."""

    #: Cells in each stage of the supernet, which says what its cuts are.
    cells_per_stage: int
    #: Values of the tensor at each cut of the supernet but the last.
    n_values: tuple[int, ...]
    #: Error of guessing, a fraction.
    chance_error: float
    #: ``a``, ``s`` (before the logistic function) and ``b`` of each cut, ``(3, n_cuts)``.
    by_cut: FloatArray
    #: Exponents ``g`` and ``k``, ``(2,)``.
    exponents: FloatArray
    #: Network parts of quantisation and of loss: for all cuts, then by kind,
    #: ``(2, 1 + N_KINDS, n_features)``.
    weights: FloatArray
    #: What made it: training configuration, images, figures of the fit.
    header: dict[str, object]

    def increase(
        self,
        cells: IntArray,
        own_error: FloatArray,
        cut: IntArray,
        *,
        bits: IntArray,
        packet_loss: FloatArray,
        packet_bytes: IntArray,
    ) -> FloatArray:
        """Return the rise of the error, fractions in [0, chance error], ``(n,)``.

        Args:
            cells: ``(n, 6)`` canonical connected cells.
            own_error: ``(n,)`` error of each network undisturbed, a fraction.
            cut: ``(n,)`` cut of the supernet, before its last.
            bits: ``(n,)`` bits per value.
            packet_loss: ``(n,)`` probability that a packet is lost for good.
            packet_bytes: ``(n,)`` bytes of a packet that values may fill.
        """
        _, first, row = np.unique(cell_number(cells), return_index=True, return_inverse=True)
        parts = np.empty((2, len(cells)))
        kind = cut_kind(cut, self.cells_per_stage)
        features = network_features(cells[first], own_error[first])
        for number in range(N_KINDS):
            by_network = features @ (self.weights[:, 0] + self.weights[:, 1 + number]).T
            parts = np.where(kind == number, by_network[row].T, parts)
        rates = harm_rates(
            self,
            parts,
            cut,
            *channel_terms(
                self, cut, bits=bits, packet_loss=packet_loss, packet_bytes=packet_bytes
            ),
        )
        gap = np.maximum(self.chance_error - own_error, 0)
        increase: FloatArray = gap * -np.expm1(-rates.sum(axis=0))
        return increase


def network_features(cells: IntArray, own_error: FloatArray) -> FloatArray:
    """Return what the network parts are linear in, ``(n, n_features)``."""
    operations = [operation for operation in range(len(OPERATIONS)) if operation != NONE]
    hot = [cells[:, edge] == operation for edge in range(len(EDGES)) for operation in operations]
    error = np.clip(own_error, 1e-3, 1 - 1e-3)
    return np.stack([*hot, np.log(error / (1 - error)) - _USUAL_LOGIT], axis=1).astype(np.float64)


def cut_kind(cut: IntArray, cells_per_stage: int) -> IntArray:
    """Return the kind of the supernet's cuts: 0 before a cell, 1 after one, 2 after a reduction."""
    is_reduced = (cut > 1) & ((cut - 1) % (cells_per_stage + 1) == 0)
    return np.where(cut <= 1, 0, np.where(is_reduced, 2, 1))


def channel_terms(
    model: PayloadModel,
    cut: IntArray,
    *,
    bits: IntArray,
    packet_loss: FloatArray,
    packet_bytes: IntArray,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return width, log odds of the loss (-inf for none) and log share of a packet, ``(n,)``.

    The raw input is sent as the bytes it has: as 8 bits whatever the width.
    """
    width = np.where(cut == 0, 8, bits)
    share = packet_bytes * 8 // width / np.array(model.n_values)[cut]
    with np.errstate(divide="ignore"):
        log_odds = np.log(packet_loss) - np.log1p(-packet_loss)
    return width, log_odds, np.log(np.minimum(share, 1))


def harm_rates(
    model: PayloadModel,
    parts: FloatArray,
    cut: IntArray,
    width: IntArray,
    log_odds: FloatArray,
    log_share: FloatArray,
) -> FloatArray:
    """Return the rates of quantisation and of loss, ``(2, n)``."""
    (a, s, b), (g, k) = model.by_cut, model.exponents
    at_four = 1 / (1 + np.exp(-s[cut]))
    share = np.select([width >= LEAST_HARMLESS_BITS, width == 4], [0.0, at_four], 1.0)
    quantisation = share * np.exp(np.minimum(a[cut] + parts[0], _MOST_RATE))
    loss = np.exp(np.minimum(b[cut] + parts[1] + g * log_odds + k * log_share, _MOST_RATE))
    return np.stack([quantisation, loss])


def encode_model(model: PayloadModel) -> bytes:
    """Return the bytes of a model file (npz without pickles)."""
    return npz_bytes(
        cells_per_stage=np.int64(model.cells_per_stage),
        n_values=np.array(model.n_values),
        chance_error=np.float64(model.chance_error),
        by_cut=model.by_cut,
        exponents=model.exponents,
        weights=model.weights,
        header=np.array(json.dumps(model.header)),
    )


def decode_model(data: bytes, *, where: str) -> PayloadModel:
    """Return the model that a file's bytes hold.

    Raises:
        AssetError: Not a model file.
    """
    try:
        file = npz_arrays(data)
        model = PayloadModel(
            cells_per_stage=int(file["cells_per_stage"]),
            n_values=tuple(file["n_values"].tolist()),
            chance_error=float(file["chance_error"]),
            by_cut=file["by_cut"],
            exponents=file["exponents"],
            weights=file["weights"],
            header=json_value(str(file["header"])),
        )
        n_cuts, n_features = len(model.n_values), model.weights.shape[-1]
        is_fine = model.by_cut.shape == (3, n_cuts) and model.exponents.shape == (2,)
        is_fine &= model.weights.shape == (2, 1 + N_KINDS, n_features)
        is_fine &= n_cuts == supernet_cuts(model.cells_per_stage)[-1]
        numbers = [model.by_cut.ravel(), model.exponents, model.weights.ravel()]
        if not is_fine or not np.isfinite(np.concatenate(numbers)).all():
            raise ValueError("its arrays do not fit each other")
    except (KeyError, TypeError, ValueError) as error:
        raise AssetError(f"{where} is no model of payload effects: {error}.") from error
    return model


@lru_cache(maxsize=1)
def shipped_model() -> PayloadModel:
    """Return the model that ships with evonasc.

    Raises:
        AssetError: The file is missing or damaged.
    """
    return decode_model(ASSETS.read(PAYLOAD_ASSET), where=PAYLOAD_ASSET)


def model_for(header: dict[str, object]) -> PayloadModel:
    """Return the shipped model for stored scores of the supernet that it was fitted to.

    Raises:
        ConfigError: They are of another one.
        AssetError: The shipped model is missing or damaged.
    """
    model = shipped_model()
    if model.header.get("training") != header.get("training"):
        raise ConfigError(
            "Payloads below 8 bits and lost packets need the scores of the shipped supernet, to "
            "which the model of their effects was fitted, got those of another one. "
            "Give that supernet with --weights FILE, so that they are measured, or use 8 bits and "
            "more with --retransmit."
        )
    return model


def modelled_increase(
    model: PayloadModel,
    genes: IntArray,
    own_error: FloatArray,
    *,
    designs: DesignSpace,
    scenario: Scenario,
) -> FloatArray:
    """Return the rise of the error of canonical designs, fractions, ``(n,)``; 0 if nothing is sent.

    ``own_error`` holds the ``(n,)`` errors of the networks undisturbed.
    """
    cut = supernet_cuts(model.cells_per_stage)[designs.split_point(genes)]
    bits, result = designs.bits(genes)[:, 0], np.zeros(len(genes))
    rows = np.flatnonzero(cut < len(model.n_values))
    loss = scenario.sending(scenario.payload_bits[0]).packet_loss
    result[rows] = model.increase(
        designs.operations(genes)[rows],
        own_error[rows],
        cut[rows],
        bits=bits[rows],
        packet_loss=np.full(len(rows), loss),
        packet_bytes=np.full(len(rows), scenario.packet_room_bytes),
    )
    return result
