"""All thresholds of a sweep at once: each has a distribution, and all learn from every sample.

Each step draws from every distribution. A sample is worth something to the others too: to each it
counts by its importance, its probability there over its mean probability in all that it was drawn
from. Repeats cost no evaluation, so what one threshold found, all of them know.

That several distributions can share samples by importance sampling is from Noda, Saito and
Shirakawa 2022, "Efficient Search of Multiple Neural Architectures with Different Complexities via
Importance Sampling", ICANN, arXiv 2207.10334; only its abstract was available to us, so how
utilities are weighted here is **our formulation** (:meth:`evonasc.search.asng.Asng.update`).
"""

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.decoding import Decoder
from evonasc.search.steps import Answer
from evonasc.search.threshold_search import SETTLED, Sweep, asng_of, losses_under
from evonasc.search.thresholds import answers_of, evaluations_left, n_new


def search_together(
    archive: Archive,
    config: SearchConfig,
    goals: FloatArray,
    n_choices: tuple[int, ...],
    *,
    decode: Decoder,
    rng: np.random.Generator,
) -> Sweep:
    """Search under all thresholds together and return the answers, by rising threshold.

    Ends when the budget is spent but for the answers, or when the distributions have settled: see
    :func:`evonasc.search.threshold_search.search_each`.

    Args:
        archive: What is known; its problem must have the columns ``error`` and ``latency_ms``.
        config: Rule and sizes.
        goals: The thresholds, ms, rising.
        n_choices: Categories of each variable of a sample.
        decode: Makes designs of samples.
        rng: Draws the samples.
    """
    distributions = [asng_of(n_choices, config) for _ in goals]
    share = evaluations_left(archive, config)
    last, idle = len(archive) + share - len(goals), 0
    n_drawn = config.n_samples * len(goals)
    for _ in range(config.patience * share // n_drawn):
        samples = np.concatenate([one.sample(config.n_samples, rng=rng) for one in distributions])
        genes, is_design = decode(archive.problem.designs, samples)
        n_unknown = n_new(archive, genes)
        idle = 0 if n_unknown else idle + len(samples)
        if len(archive) + n_unknown > last or idle > SETTLED * len(goals):
            break
        importance = importances(np.stack([one.log_probability(samples) for one in distributions]))
        for one, goal, weights in zip(distributions, goals.tolist(), importance, strict=True):
            losses = yield from losses_under(archive, config, goal, genes, is_design=is_design)
            one.update(samples, losses, weights=weights)
    answers: list[Answer] = []
    for one, goal in zip(distributions, goals.tolist(), strict=True):
        answers += yield from answers_of(archive, goal, one.mode(), decode=decode)
    return answers


def importances(log_probability: FloatArray) -> FloatArray:
    """Return what samples count for in each distribution, ``(n_distributions, n_samples)``.

    Args:
        log_probability: Same shape, of each sample in each distribution; as many samples were drawn
            from each.

    Example:
        >>> importances(np.log([[0.5, 0.1], [0.5, 0.3]])).round(2).tolist()
        [[1.0, 0.5], [1.0, 1.5]]
    """
    probability = np.exp(log_probability - log_probability.max(axis=0))
    shares: FloatArray = probability / probability.mean(axis=0)
    return shares
