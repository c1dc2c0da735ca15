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
from torch import Tensor

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.payload import Sending
from evonasc.cost.scenario import Scenario
from evonasc.data.images import Images
from evonasc.space import DesignSpace
from evonasc.supernet.batches import as_input
from evonasc.supernet.family import Supernet
from evonasc.supernet.scoring import SCORING_BATCH, loss_and_right

#: Bits per value of the raw input.
RAW_BITS = 8
#: At and above this width values are sent as they are.
_FLOAT_BITS = 16
#: Of the fixed loss patterns.
PATTERN_SEED = 20220919
#: Loss patterns that a live evaluation averages over; every image has its own in each.
_LIVE_PATTERNS = 2


def quantise(x: Tensor, *, bits: int) -> Tensor:
    """Return what the server makes of ``(n, c, h, w)`` tensors, one an image, sent at that width.

    Shape and dtype stay; 16 bits and more change nothing.

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


def arriving_values(n_values: int, sending: Sending, *, pattern: Tensor) -> Tensor:
    """Tell which values of tensors arrive, ``(n, n_values)`` bool.

    A packet is lost where its number in the pattern, ``(n, n_packets)`` in [0, 1), lies below the
    loss, so a higher loss loses the same packets and more.
    """
    is_kept = pattern >= sending.packet_loss
    return is_kept.repeat_interleave(sending.values_per_packet, dim=1)[:, :n_values]


def loss_pattern(n_images: int, n_values: int, sending: Sending, *, seed: int) -> Tensor:
    """Draw one number a packet, ``(n_images, n_packets)``, from a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    n_packets = -(-n_values // sending.values_per_packet)
    return torch.rand(n_images, n_packets, generator=generator)


def send(x: Tensor, sending: Sending, *, seed: int, is_raw: bool = False) -> Tensor:
    """Return what the server has of ``(n, c, h, w)`` tensors, one an image, that were sent.

    Each image loses its own packets, drawn by the seed. ``is_raw`` is the input, sent as the bytes
    it has.
    """
    if is_raw:
        sending = Sending(RAW_BITS, sending.packet_loss, sending.packet_bytes)
    rounded = x if is_raw else quantise(x, bits=sending.bits)
    if sending.packet_loss == 0:
        return rounded
    n_values = x[0].numel()
    pattern = loss_pattern(len(x), n_values, sending, seed=seed)
    mask = arriving_values(n_values, sending, pattern=pattern).view(x.shape)
    return torch.where(mask, rounded, torch.zeros((), dtype=rounded.dtype))


def score_sendings(
    supernet: Supernet,
    network: Sequence[int],
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
        network: Operation genes.
        images: Scored in their order, ``SCORING_BATCH`` at a time.
        sendings: ``(cut of the supernet, how it is sent)``, each; at the last cut nothing is sent.
        n_patterns: Loss patterns to average over, the same for every network and cut.
        is_bf16: Compute convolutions in bfloat16.

    Returns:
        Two ``(1 + n_sendings,)`` arrays; first the network as it is, undisturbed.
    """
    n_blocks = len(supernet.blocks)
    sums = np.zeros((1 + len(sendings), 2))  # of losses and of wrong answers
    batches = np.array_split(np.arange(len(images)), -(-len(images) // SCORING_BATCH))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
        for number, rows in enumerate(batches):
            labels = torch.from_numpy(images.labels[rows])
            tensors = [as_input(images.pixels[rows])]
            for block in range(n_blocks):
                tensors.append(supernet(tensors[-1], network, start=block, stop=block + 1))
            intact = _outcome(tensors[-1], labels)
            sums[0] += intact
            for row, (cut, sending) in enumerate(sendings, start=1):
                if cut == n_blocks:
                    sums[row] += intact
                    continue
                n_runs = n_patterns if sending.packet_loss > 0 else 1
                for run in range(n_runs):
                    seed = PATTERN_SEED + 1000 * number + run
                    x = send(tensors[cut], sending, seed=seed, is_raw=cut == 0)
                    outcome = _outcome(supernet(x, network, start=cut), labels)
                    sums[row] += 1 / n_runs * outcome
    loss, error = sums.T / len(images)
    return loss, error


class PayloadIncrease:
    """What sending adds to the top-1 error of networks, by forward passes, each done once."""

    def __init__(self, supernet: Supernet, images: Images) -> None:
        self._supernet, self._images = supernet, images
        self._cuts = supernet.cuts()
        self._known: dict[tuple[int, int, Sending], float] = {}

    def __call__(self, genes: IntArray, *, designs: DesignSpace, scenario: Scenario) -> FloatArray:
        """Return the rise of the error of canonical designs, fractions, ``(n,)``.

        0 where nothing is sent, or nothing harmful can happen. Noise can make it slightly negative
        elsewhere.
        """
        networks, cuts = designs.operations(genes), self._cuts[designs.split_point(genes)]
        numbers: list[int] = designs.space.numbers(networks).tolist()
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
                networks[first[number]].tolist(),
                self._images,
                sendings,
                n_patterns=_LIVE_PATTERNS,
            )
            for (cut, way), value in zip(sendings, (error[1:] - error[0]).tolist(), strict=True):
                self._known[number, cut, way] = value
        return np.array([self._known[key] for key in keys])


def _outcome(logits: Tensor, labels: Tensor) -> FloatArray:
    """Return summed loss and wrong answers of a batch's class logits, ``(2,)``."""
    loss, n_right = loss_and_right(logits, labels)
    return np.array([loss, len(labels) - n_right])
