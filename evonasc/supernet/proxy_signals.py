"""Signals of networks that were never trained, from one forward and two backward passes.

Five numbers a network, all larger where a network is expected to do better:

- ``expressivity``, ``progressivity``, ``trainability``: Lee and Ham 2024, AZ-NAS, CVPR,
  arXiv 2403.19232, section 3: the entropy of the principal components of each block's output,
  summed over the blocks; its least rise from block to block; and how near to one the largest
  singular value of each block's Jacobian is.
- ``naswot``: Mellor et al. 2021, "Neural Architecture Search without Training", ICML,
  arXiv 2006.04647, eq. 2: log-determinant of how often two images agree in a ReLU's sign.
- ``jacobian``: the same authors' first score (arXiv 2006.04647v1, section 3): how little the input
  Jacobians of different images are correlated.

The network is an untrained supernet with only one network's operations run, which is that network
at random initialisation; different networks share weights where they share operations, so comparing
them has less noise than drawing each anew.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.supernet.family import Supernet

#: Names of the five, in the order of :func:`untrained_signals`.
SIGNALS = ("expressivity", "progressivity", "trainability", "naswot", "jacobian")
_JACOBIAN_SHIFT = 1e-5  # keeps 1 / eigenvalue finite, as published


def untrained_signals(
    supernet: Supernet, network: Sequence[int], images: Tensor, *, generator: torch.Generator
) -> list[float]:
    """Return the five signals of a connected network, in the order of ``SIGNALS``.

    The supernet has random weights that ask for no gradient; images are ``(n, c, h, w)`` and need
    no labels; the generator draws the signs that probe the Jacobians.
    """
    patterns = _SignAgreement(len(images))
    hooks = [
        module.register_forward_pre_hook(patterns.add)
        for module in supernet.modules()
        if isinstance(module, nn.ReLU)
    ]
    try:
        pixels = images.detach().requires_grad_()
        outputs = [pixels]
        for block in range(len(supernet.blocks)):
            outputs.append(supernet(outputs[-1], network, start=block, stop=block + 1))
    finally:
        for hook in hooks:
            hook.remove()
    features = outputs[1:-1]  # after all blocks but the classifier, as AZ-NAS takes them
    entropies = np.array([principal_entropy(feature.detach()) for feature in features])
    trainability = [
        gradient_stability(before, after, generator=generator)
        for before, after in pairwise(features)
    ]
    (jacobian,) = torch.autograd.grad(outputs[-1].sum(), pixels)
    return [
        float(entropies.sum()),
        float(np.diff(entropies).min()),
        float(np.mean(trainability)),
        patterns.log_determinant(),
        jacobian_diversity(jacobian),
    ]


class _SignAgreement:
    """Counts, over all ReLUs, in how many places two images have the same sign."""

    def __init__(self, n_images: int) -> None:
        self._both_positive = torch.zeros(n_images, n_images, dtype=torch.float64)
        self._n_places = 0

    def add(self, module: nn.Module, inputs: tuple[Tensor]) -> None:
        """Count one ReLU; called by torch before the module runs."""
        positive = (inputs[0].detach() > 0).flatten(1).to(torch.float32)
        self._both_positive += positive @ positive.T
        self._n_places += positive.shape[1]

    def log_determinant(self) -> float:
        """Return the log-determinant of the counts, -inf where two images agree everywhere."""
        n_positive = self._both_positive.diag()
        agreements = self._n_places - n_positive[:, None] - n_positive + 2 * self._both_positive
        return float(torch.linalg.slogdet(agreements)[1])


def _rows(x: Tensor) -> Tensor:
    """Return ``(n, c, h, w)`` as ``(n * h * w, c)``."""
    return x.permute(0, 2, 3, 1).flatten(0, 2)


def principal_entropy(feature: Tensor) -> float:
    """Return the entropy (nats) of the shares of a feature's principal components."""
    rows = _rows(feature)
    centred = rows - rows.mean(dim=0)
    values = torch.linalg.eigvalsh((centred.T @ centred / len(rows)).double()).clamp(min=0)
    shares = values / values.sum().clamp(min=1e-30)
    return float(-(shares * torch.log(shares + 1e-8)).sum())


def gradient_stability(before: Tensor, after: Tensor, *, generator: torch.Generator) -> float:
    """Return 2 - s - 1/s of a block's largest singular value s; -inf for a block that is no block.

    AZ-NAS, eq. 8-10: random signs are sent back through the block; their correlation with what
    arrives is the Jacobian, averaged over places. A block that returns its input has s = 1 and
    would be the best of all, without being anything to train.
    """
    if after is before:
        return -np.inf
    signs = torch.randint(0, 2, after.shape, generator=generator).to(after.dtype) * 2 - 1
    (arrived,) = torch.autograd.grad(after, before, grad_outputs=signs, retain_graph=True)
    stride = before.shape[2] // after.shape[2]
    if stride > 1:  # each place of the output belongs to stride x stride places of the input
        arrived = nn.functional.pixel_unshuffle(arrived, stride)
    jacobian = _rows(arrived).T @ _rows(signs) / (len(signs) * after.shape[2] * after.shape[3])
    # The largest singular value as a root of the smaller Gram matrix, several times faster.
    narrow = jacobian if jacobian.shape[0] >= jacobian.shape[1] else jacobian.T
    largest = math.sqrt(float(torch.linalg.eigvalsh((narrow.T @ narrow).double())[-1]))
    return 2 - largest - 1 / (largest + 1e-6)


def jacobian_diversity(jacobian: Tensor) -> float:
    """Return minus the sum of log v + 1/v over the eigenvalues v of the images' correlations."""
    correlations = torch.corrcoef(jacobian.flatten(1).double())
    values = torch.linalg.eigvalsh(correlations).clamp(min=0) + _JACOBIAN_SHIFT
    return float(-(torch.log(values) + 1 / values).sum())
