"""Architecture logits through the supernet: a hard Gumbel sample forward, its softmax backward.

Each operation gene has a logit a choice; a step draws one choice a gene and computes only those.
Their terms are multiplied by weights that are 1 in value and have the gradient of the softmax, so
the loss has a gradient in the logits of every choice of a gene. Cuts have logits too; a cut changes
no output, so their gradient comes from the latencies alone.

References: Dong and Yang 2019, "Searching for a Robust Neural Architecture in Four GPU Hours"
(GDAS), CVPR, arXiv 1910.04465; Jang, Gu and Poole 2017, "Categorical Reparameterization with
Gumbel-Softmax", ICLR, arXiv 1611.01144. The latency term is **our formulation**, a surrogate: see
:func:`latency_term`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.arrays import BoolArray, FloatArray, IntArray, State
from evonasc.errors import EvaluationError
from evonasc.space import SearchSpace
from evonasc.supernet.cotraining import BatchLoss, SharedWeights, batch_loss
from evonasc.supernet.shared_state import part, prefixed

_BETAS, _WEIGHT_DECAY = (0.5, 0.999), 1e-3
#: Logit of a choice that a gene does not have: finite, so that no step makes NaN of it.
_NEVER = -1e9
#: Draws for one usable sample before giving up.
_MOST_DRAWS = 1000


@dataclass(frozen=True)
class Latencies:
    """What a step must know of latencies, ms; "choice" is a cut, or a cut and a payload's width."""

    #: ``(n_choices,)`` of the sampled network.
    sampled_ms: FloatArray
    #: ``(n_choices,)`` whether the sampled network may be cut so.
    is_allowed: BoolArray
    #: ``(n_choices,)`` mean over networks.
    mean_ms: FloatArray
    #: ``(n_choices, n_genes, n_operations)`` mean over the networks with that operation there.
    operation_ms: FloatArray
    #: The threshold.
    goal_ms: float
    #: Nats that an excess of once the threshold is worth.
    weight: float


@dataclass(frozen=True)
class Sample:
    """One operation a gene."""

    #: Operation genes.
    network: list[int]
    #: ``(n_genes, n_operations)``: 1 for the network's operations, 0 for others, to a few
    #: roundings; the gradient is the softmax's.
    weights: Tensor


class RelaxedDesigns:
    """Logits of operations and cuts, and the step that moves them.

    The first logits of operations are drawn from a normal distribution of deviation 1e-3, as
    published; :class:`Adam` moves them. The seed is that of the first logits and all samples. The
    weights are not changed here; there are as many choices as cuts, or as cuts times widths.
    """

    def __init__(
        self, weights: SharedWeights, *, n_choices: int, learning_rate: float, seed: int
    ) -> None:
        self._weights = weights
        self._generator = torch.Generator().manual_seed(seed)
        n_choices_of = weights.supernet.space.n_choices
        first = torch.randn(len(n_choices_of), max(n_choices_of), generator=self._generator)
        # Genes of fewer choices than others never draw those that they lack.
        is_choice = torch.arange(max(n_choices_of)) < torch.tensor(n_choices_of)[:, None]
        self.operation_logits = nn.Parameter((1e-3 * first).where(is_choice, _NEVER))
        self.choice_logits = nn.Parameter(torch.zeros(n_choices))
        self._logits = [self.operation_logits, self.choice_logits]
        self._moves = [Adam(logits, learning_rate=learning_rate) for logits in self._logits]

    def sample(self, temperature: float, *, is_usable: Callable[[list[int]], bool]) -> Sample:
        """Draw one operation a gene, again until the network is usable: can be searched.

        Drawing again makes the samples those of the distribution restricted to such networks; the
        gradient stays that of the whole. The temperature is the softmax's and changes no draw.

        Raises:
            EvaluationError: A thousand draws gave no usable network.
        """
        for _ in range(_MOST_DRAWS):
            noise = gumbel(self.operation_logits.shape, self._generator)
            weights, index = straight_through(self.operation_logits, noise, temperature)
            network: list[int] = index.tolist()
            if is_usable(network):
                return Sample(network, weights)
        raise EvaluationError(
            f"{_MOST_DRAWS} samples of the architecture gave no network with an allowed cut. "
            "Lower min_split, or raise max_head_memory_bytes or max_payload_bytes."
        )

    def step(self, sample: Sample, latencies: Latencies) -> BatchLoss:
        """Move the logits by one batch of the second half; one forward pass, and one back."""
        images, labels = self._weights.search_batch()
        with self._weights.autocast():
            outputs = self._weights.supernet.weighted_logits(
                images, sample.network, sample.weights.to(images.device)
            )
        loss, found = batch_loss(outputs.float(), labels)
        total = loss.cpu() + latency_term(self.operation_logits, self.choice_logits, latencies)
        gradients = torch.autograd.grad(total, self._logits)
        for move, gradient in zip(self._moves, gradients, strict=True):
            move.step(gradient)
        return found

    def state(self) -> State:
        """Return the logits, what moves them, and where the generator is."""
        state: State = {"generator": self._generator.get_state().numpy()}
        for place, (logits, move) in enumerate(zip(self._logits, self._moves, strict=True)):
            state |= prefixed(str(place), {"logits": logits.detach().numpy(), **move.state()})
        return state

    def restore(self, state: State) -> None:
        """Be where a state was.

        Raises:
            ValueError: It is of other designs.
            RuntimeError: So it is, or its generator is none.
        """
        self._generator.set_state(torch.from_numpy(state["generator"]))
        for place, (logits, move) in enumerate(zip(self._logits, self._moves, strict=True)):
            found = part(str(place), state)
            if found["logits"].shape != tuple(logits.shape):
                raise ValueError(f"logits must be {tuple(logits.shape)}")
            with torch.no_grad():
                logits.copy_(torch.from_numpy(found["logits"]))
            move.restore(found)

    def probabilities(self) -> tuple[FloatArray, FloatArray]:
        """Return those of operations ``(n_genes, n_operations)``, of choices ``(n_choices,)``."""
        with torch.no_grad():
            operations = self.operation_logits.double().softmax(dim=1).numpy()
            choices = self.choice_logits.double().softmax(dim=0).numpy()
        return operations, choices


class Adam:
    """Adam on one tensor, with the published settings for architecture logits.

    Betas (0.5, 0.999), weight decay 1e-3 added to the gradient; the tensor is changed in place by
    each step. ``torch.optim`` would do the same, but takes seconds to import.

    Reference: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", ICLR, algorithm 1.
    """

    def __init__(self, tensor: Tensor, *, learning_rate: float) -> None:
        self._tensor, self._rate, self._n_steps = tensor, learning_rate, 0
        self._mean = torch.zeros_like(tensor, requires_grad=False)
        self._square = torch.zeros_like(tensor, requires_grad=False)

    def state(self) -> State:
        """Return the moments, and the steps done."""
        n_steps = np.array([self._n_steps], dtype=np.int64)
        return {"mean": self._mean.numpy(), "square": self._square.numpy(), "n_steps": n_steps}

    def restore(self, state: State) -> None:
        """Be where a state was.

        Raises:
            RuntimeError: It is of a tensor of another shape.
        """
        self._mean.copy_(torch.from_numpy(state["mean"]))
        self._square.copy_(torch.from_numpy(state["square"]))
        self._n_steps = int(state["n_steps"][0])

    @torch.no_grad()
    def step(self, gradient: Tensor) -> None:
        """Move against a gradient of the tensor's shape."""
        self._n_steps += 1
        first, second = _BETAS
        decayed = gradient + _WEIGHT_DECAY * self._tensor
        self._mean.mul_(first).add_(decayed, alpha=1 - first)
        self._square.mul_(second).addcmul_(decayed, decayed, value=1 - second)
        size = (self._square / (1 - second**self._n_steps)).sqrt() + 1e-8
        self._tensor -= self._rate / (1 - first**self._n_steps) * self._mean / size


def gumbel(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Draw standard Gumbel noise, finite always."""
    uniform = torch.rand(shape, generator=generator, dtype=torch.float64)
    smallest = torch.finfo(torch.float64).tiny
    noise: Tensor = -(-uniform.clamp(smallest, 1 - 1e-16).log()).log()
    return noise.float()


def straight_through(logits: Tensor, noise: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return weights ``(n_genes, n_operations)`` and the drawn operation of each gene.

    In value the weights are one-hot; their gradient is that of
    ``softmax((log_softmax(logits) + noise) / temperature)``.

    Source: Dong and Yang 2019, eqs. (3) to (5).
    """
    soft = ((logits.log_softmax(dim=1) + noise) / temperature).softmax(dim=1)
    index = soft.argmax(dim=1)
    hard = torch.zeros_like(soft).scatter_(1, index[:, None], 1.0)
    return hard - soft.detach() + soft, index


def latency_term(operation_logits: Tensor, choice_logits: Tensor, latencies: Latencies) -> Tensor:
    """Return the price of latencies beyond the threshold, nats, with gradients in both logits.

    A **surrogate**, since latencies are looked up for whole networks and have no gradient:

    - cuts: the expectation, over the probabilities of the sampled network's allowed cuts, of how
      far its latency exceeds the threshold. Exact for that network.
    - operations: how far the expected latency of a *linear* model exceeds the threshold. The model
      adds, to the mean over networks, each operation's effect: the mean latency of the networks
      that have it at that gene, less the mean over all. Interactions between genes are left out.
    """
    allowed = torch.from_numpy(latencies.is_allowed)
    cut = choice_logits.masked_fill(~allowed, -torch.inf).softmax(dim=0)
    sampled = torch.from_numpy(latencies.sampled_ms).float()
    # Not the rule of evonasc/search/threshold_rule.py: that one ranks designs, so an excess that is
    # only rounding must count as none. This one ranks nothing. Logits move along its gradient, so
    # it has to be continuous, and what a rounding adds to it is as small as the rounding.
    excess = (sampled / latencies.goal_ms - 1).relu()
    of_cuts = (cut * excess).sum()

    mean = torch.from_numpy(latencies.mean_ms).float()
    effect = torch.from_numpy(latencies.operation_ms).float() - mean[:, None, None]
    by_cut = mean + (effect * operation_logits.softmax(dim=1)).sum(dim=(1, 2))
    expected = (cut.detach() * by_cut).sum()
    of_operations = (expected / latencies.goal_ms - 1).relu()
    return latencies.weight * (of_cuts + of_operations)


def operation_means(networks: IntArray, latency_ms: FloatArray, space: SearchSpace) -> FloatArray:
    """Return the mean latency of the networks with each operation at each gene, ms.

    From latencies ``(n, n_choices)`` of networks ``(n, n_genes)`` it is ``(n_choices, n_genes,
    n_operations)``; where no network has an operation, the mean over all.
    """
    is_there = networks[:, :, None] == np.arange(max(space.n_choices))
    total = np.einsum("nc,ngo->cgo", latency_ms, is_there)
    count = is_there.sum(axis=0)
    overall = np.broadcast_to(latency_ms.mean(axis=0)[:, None, None], total.shape)
    return np.where(count > 0, total / np.maximum(count, 1), overall)
