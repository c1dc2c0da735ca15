"""What quantising the payload and losing packets of it do to a network, by forward passes.

The head runs once; at each cut its tensor is quantised, loses packets, and goes through the tail.

- **Quantisation** is affine with one scale a tensor, least and greatest value of each image,
  rounded to the nearest level. The two values are the header that the payload counts, and arrive.
- **Packets** hold whole values of the tensor in row-major order (channel, row, column), without
  interleaving: a lost packet is a run of neighbouring values. What is missing is 0 to the tail, the
  mean of a normalised tensor; of the raw input, mid-grey.
- The raw input (cut 0) is sent as the bytes it has, whatever the width. 16 and 32 bits are sent as
  they are: the forward pass knows no more digits.
- Normalisation takes its statistics from the batch as it arrives, as everywhere in this supernet:
  as if the tail's had been calibrated on tensors that were sent.

References: Itahara et al. 2022, COMtune, IEEE Access 10, arXiv 2112.09407 (loss without resending
hits accuracy, not latency); Jacob et al. 2018, "Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference", CVPR, arXiv 1712.05877, eq. (1) (affine quantisation).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.payload import Sending
from evonasc.cost.scenario import Scenario
from evonasc.data.datasets import Images
from evonasc.nasbench201.cells import cell_number
from evonasc.nasbench201.errors.payload_model import supernet_cuts
from evonasc.nasbench201.network import Supernet
from evonasc.space import DesignSpace
from evonasc.supernet.scoring import SCORING_BATCH
from evonasc.supernet.training import as_input

#: Bits per value of the raw input.
RAW_BITS = 8
#: At and above this width values are sent as they are.
_FLOAT_BITS = 16
#: Of the fixed loss patterns.
PATTERN_SEED = 20220919
#: Loss patterns that a live evaluation averages over; every image has its own in each.
_LIVE_PATTERNS = 2


def quantised(x: Tensor, *, bits: int) -> Tensor:
    """Return what the server makes of tensors sent at that width, same shape and dtype.

    Args:
        x: ``(n, c, h, w)``, one tensor an image.
        bits: Bits per value; 16 and more change nothing.

    Source: Jacob et al. 2018, eq. (1), with the range of each image.
    """
    if bits >= _FLOAT_BITS:
        return x
    values = x.float()
    least = values.amin(dim=(1, 2, 3), keepdim=True)
    step = (values.amax(dim=(1, 2, 3), keepdim=True) - least) / (2**bits - 1)
    # A constant tensor has no range; any step gives level 0, which is its value.
    step = torch.where(step > 0, step, torch.ones_like(step))
    return (least + torch.round((values - least) / step) * step).to(x.dtype)


def arrived(n_values: int, sending: Sending, *, pattern: Tensor) -> Tensor:
    """Tell which values of tensors arrive, ``(n, n_values)`` bool.

    Args:
        n_values: Values of one tensor.
        sending: Packets and their loss.
        pattern: ``(n, n_packets)`` numbers in [0, 1), at least a packet's worth; a packet is lost
            where its number lies below the loss, so a higher loss loses the same packets and more.
    """
    is_kept = pattern >= sending.packet_loss
    return is_kept.repeat_interleave(sending.values_per_packet, dim=1)[:, :n_values]


def loss_pattern(n_images: int, n_values: int, sending: Sending, *, seed: int) -> Tensor:
    """Draw one number a packet, ``(n_images, n_packets)``, from a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    n_packets = -(-n_values // sending.values_per_packet)
    return torch.rand(n_images, n_packets, generator=generator)


def received(x: Tensor, sending: Sending, *, seed: int, is_raw: bool = False) -> Tensor:
    """Return what the server has of tensors that were sent, same shape and dtype.

    Args:
        x: ``(n, c, h, w)``, one tensor an image.
        sending: Width, packets and loss.
        seed: Of the loss pattern; each image has its own packets lost.
        is_raw: The input, sent as the bytes it has.
    """
    if is_raw:
        sending = Sending(RAW_BITS, sending.packet_loss, sending.packet_bytes)
    sent = x if is_raw else quantised(x, bits=sending.bits)
    if sending.packet_loss == 0:
        return sent
    n_values = x[0].numel()
    pattern = loss_pattern(len(x), n_values, sending, seed=seed)
    mask = arrived(n_values, sending, pattern=pattern).view(x.shape)
    return torch.where(mask, sent, torch.zeros((), dtype=sent.dtype))


def score_sendings(
    supernet: Supernet,
    cell: Sequence[int],
    images: Images,
    sendings: Sequence[tuple[int, Sending]],
    *,
    n_patterns: int = 1,
    is_bf16: bool = True,
) -> tuple[FloatArray, FloatArray]:
    """Return mean loss (nats) and top-1 error of one network, cut and sent in several ways.

    The head is computed once for all of them.

    Args:
        supernet: Trained weights.
        cell: Six genes.
        images: Scored in their order, ``SCORING_BATCH`` at a time.
        sendings: ``(cut of the supernet, how it is sent)``, each; at the last cut nothing is sent.
        n_patterns: Loss patterns to average over, the same for every network and cut.
        is_bf16: Compute convolutions in bfloat16.

    Returns:
        Two ``(1 + n_sendings,)`` arrays; first the network as it is, undisturbed.
    """
    n_blocks = len(supernet.blocks)
    loss, n_wrong = np.zeros(1 + len(sendings)), np.zeros(1 + len(sendings))
    batches = np.array_split(np.arange(len(images)), -(-len(images) // SCORING_BATCH))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
        for number, rows in enumerate(batches):
            labels = torch.from_numpy(images.labels[rows])
            tensors = [as_input(images.pixels[rows])]
            for block in range(n_blocks):
                tensors.append(supernet(tensors[-1], cell, start=block, stop=block + 1))
            intact = _judged(tensors[-1], labels)
            _add(loss, n_wrong, 0, intact, 1.0)
            for row, (cut, sending) in enumerate(sendings, start=1):
                if cut == n_blocks:
                    _add(loss, n_wrong, row, intact, 1.0)
                    continue
                n_runs = n_patterns if sending.packet_loss > 0 else 1
                for run in range(n_runs):
                    seed = PATTERN_SEED + 1000 * number + run
                    x = received(tensors[cut], sending, seed=seed, is_raw=cut == 0)
                    judged = _judged(supernet(x, cell, start=cut), labels)
                    _add(loss, n_wrong, row, judged, 1 / n_runs)
    return loss / len(images), n_wrong / len(images)


class MeasuredIncrease:
    """What sending adds to the top-1 error of networks, by forward passes; what was run is known.

    Args:
        supernet: Trained weights.
        images: To measure on.
    """

    def __init__(self, supernet: Supernet, images: Images) -> None:
        self._supernet, self._images = supernet, images
        self._cuts = supernet_cuts(supernet.config.cells_per_stage)
        self._known: dict[tuple[int, int, Sending], float] = {}

    def __call__(self, genes: IntArray, *, designs: DesignSpace, scenario: Scenario) -> FloatArray:
        """Return the rise of the error of canonical designs, fractions, ``(n,)``.

        0 where nothing is sent, or nothing harmful can happen. Noise can make it slightly negative
        elsewhere.
        """
        cells, cuts = designs.operations(genes), self._cuts[designs.split_point(genes)]
        numbers = cell_number(cells).tolist()
        ways = [scenario.sending(bits) for bits in designs.bits(genes)[:, 0].tolist()]
        keys = list(zip(numbers, cuts.tolist(), ways, strict=True))
        new: dict[int, list[tuple[int, Sending]]] = {}
        for number, cut, way in dict.fromkeys(keys):
            if cut == self._cuts[-1] or way.is_harmless:
                self._known[number, cut, way] = 0.0
            elif (number, cut, way) not in self._known:
                new.setdefault(number, []).append((cut, way))
        first = {number: row for row, number in reversed(list(enumerate(numbers)))}
        for number, sendings in new.items():
            _, error = score_sendings(
                self._supernet,
                cells[first[number]].tolist(),
                self._images,
                sendings,
                n_patterns=_LIVE_PATTERNS,
            )
            for (cut, way), value in zip(sendings, (error[1:] - error[0]).tolist(), strict=True):
                self._known[number, cut, way] = value
        return np.array([self._known[key] for key in keys])


def _judged(scores: Tensor, labels: Tensor) -> tuple[float, int]:
    """Return summed loss and wrong answers of a batch's class scores."""
    scores = scores.float()
    loss = float(nn.functional.cross_entropy(scores, labels, reduction="sum"))
    return loss, int((scores.argmax(dim=1) != labels).sum())


def _add(
    loss: FloatArray, n_wrong: FloatArray, row: int, judged: tuple[float, int], share: float
) -> None:
    """Add a batch's share to the sums of one way of sending."""
    loss[row] += share * judged[0]
    n_wrong[row] += share * judged[1]
