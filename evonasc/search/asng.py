"""ASNG: the adaptive stochastic natural gradient, on independent categorical distributions.

One distribution a variable; samples are ranked by loss, and the parameters move along the natural
gradient by a step whose length adapts to how consistent the last steps were.

Reference: Akimoto, Shirakawa, Yoshinari, Uchida, Saito and Nishida 2019, "Adaptive Stochastic
Natural Gradient Method for One-Shot Neural Architecture Search", ICML, arXiv 1905.08537. Formulas
and defaults are those of the authors' published code (shirakawas/ASNG-NAS), except that ties are
found by the size of a loss, so that losses of any sign are ranked rightly.
"""

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError

#: Share of the samples that is rewarded, and that is punished.
_REWARDED = 0.25
#: First step length, unless told (``delta_init`` of the authors).
FIRST_STEP = 1.0
#: How consistent steps must be for the step length to grow, unless told.
ALPHA = 1.5
#: Losses closer than this, relative to their size, are ties: sums that differ by rounding only.
_TIE = 1e-14


class Asng:
    """Distribution over designs of categorical variables, and the rule that moves it.

    Args:
        n_choices: Categories of each variable; a variable with one category never changes.
        alpha: How consistent steps must be for the step length to grow; larger is bolder.
        first_step: The first step length (``delta_init`` of the authors).

    Raises:
        ConfigError: Fewer than two variables with a choice: the floor of the probabilities would
            leave no room to move.
    """

    def __init__(
        self, n_choices: tuple[int, ...], *, alpha: float = ALPHA, first_step: float = FIRST_STEP
    ) -> None:
        choices = np.array(n_choices, dtype=np.int64)
        n_free = int((choices > 1).sum())
        if n_free < 2:
            raise ConfigError(
                f"ASNG needs at least 2 variables with a choice, got {n_free} in {n_choices}."
            )
        self._alpha, self._first_step = alpha, first_step
        columns = np.arange(choices.max())
        self._is_category = columns < choices[:, None]
        self._last = choices - 1
        self._is_last = columns == self._last[:, None]
        # Smallest probability of a category, 1 / (d (C_i - 1)).
        floor = 1 / (n_free * np.maximum(choices - 1, 1))
        self._floor = np.where(choices > 1, floor, 0.0)[:, None] * self._is_category
        self._n_parameters = int((choices - 1).sum())
        self._theta: FloatArray = self._is_category / choices[:, None]
        self._path = np.zeros(self._theta.shape)  # s_bar
        self._path_weight = 0.0  # gamma
        self._slowdown = 1.0  # Delta

    @property
    def theta(self) -> FloatArray:
        """Probabilities, ``(n_variables, most categories)``, rows padded with 0; a copy."""
        return self._theta.copy()

    @property
    def step(self) -> float:
        """The current step length (``delta``)."""
        return self._first_step / self._slowdown

    def mode(self) -> IntArray:
        """Return the most probable category of each variable, ``(n_variables,)``."""
        best: IntArray = self._theta.argmax(axis=1)
        return best

    def state(self) -> dict[str, FloatArray]:
        """Return everything that moves, by name; see :meth:`restore`."""
        return {
            "theta": self._theta.copy(),
            "path": self._path.copy(),
            "lengths": np.array([self._path_weight, self._slowdown]),
        }

    def restore(self, state: dict[str, FloatArray]) -> None:
        """Be as one with the same settings was when it gave its state.

        Raises:
            ValueError: The state is of other variables.
        """
        shapes = {name: values.shape for name, values in state.items()}
        own = {name: values.shape for name, values in self.state().items()}
        if shapes != own:
            raise ValueError(f"the distribution's arrays must have the shapes {own}, got {shapes}")
        self._theta, self._path = state["theta"].copy(), state["path"].copy()
        self._path_weight, self._slowdown = (float(value) for value in state["lengths"])

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw ``(n, n_variables)`` categories."""
        below = np.cumsum(self._theta, axis=1)
        draws = rng.random((n, len(below), 1))
        # A draw beyond the last sum (rounding) is the last category.
        categories: IntArray = np.minimum((draws >= below).sum(axis=2), self._last)
        return categories

    def log_probability(self, samples: IntArray) -> FloatArray:
        """Return the logarithms of the probabilities of ``(n, n_variables)`` samples, ``(n,)``."""
        chosen = self._theta[np.arange(samples.shape[1]), samples]
        found: FloatArray = np.log(chosen).sum(axis=1)
        return found

    def update(
        self, samples: IntArray, losses: FloatArray, *, weights: FloatArray | None = None
    ) -> None:
        """Move the distribution towards the better samples.

        Nothing moves if the losses say nothing: all equal, or all samples the same.

        Args:
            samples: ``(n, n_variables)`` categories drawn from this distribution, or elsewhere
                with weights.
            losses: ``(n,)``, smaller is better; only their order counts.
            weights: ``(n,)`` what each sample counts for, at least 0: its probability here over
                that where it was drawn. All the same by default.

        Raises:
            ValueError: A loss that is NaN or infinite.
        """
        if weights is None:
            utility, weights = _utility(losses), np.ones(len(losses))
        else:
            utility = _weighted_utility(losses, weights)
        if utility.var() == 0:
            return
        one_hot = samples[:, :, None] == np.arange(self._theta.shape[1])
        mean = (weights * utility).sum() / weights.sum()
        advantage = weights * (utility - mean)
        # Natural gradient G = mean_j w_j (u_j - mean u) (M_j - theta).
        gradient = np.mean(advantage[:, None, None] * (one_hot - self._theta), axis=0)
        whitened = self._whitened(gradient)
        length = float(np.sqrt((whitened**2).sum()))
        if length == 0:
            return
        beta = self.step / np.sqrt(self._n_parameters)
        self._theta += self.step * gradient / length

        # Step adaptation: s_bar, gamma, Delta.
        gain = beta * (2 - beta)
        self._path = (1 - beta) * self._path + np.sqrt(gain) * whitened / length
        self._path_weight = (1 - beta) ** 2 * self._path_weight + gain
        surplus = self._path_weight - float((self._path**2).sum()) / self._alpha
        self._slowdown *= float(np.exp(beta * surplus))
        self._keep_above_floor()

    def _whitened(self, gradient: FloatArray) -> FloatArray:
        """Return the gradient times the square root of the Fisher matrix, 0 for last categories."""
        root = np.sqrt(np.where(self._is_category, self._theta, 1.0))
        is_free = self._is_category & ~self._is_last
        free = np.where(is_free, gradient, 0.0)
        last = (self._theta * self._is_last).sum(axis=1, keepdims=True)
        spill = free.sum(axis=1, keepdims=True) / (last + np.sqrt(last))
        # s_ik = G_ik / sqrt(theta_ik) + sqrt(theta_ik) sum_k G_ik / (theta_iK + sqrt(theta_iK))
        whitened: FloatArray = np.where(is_free, free / root + root * spill, 0.0)
        return whitened

    def _keep_above_floor(self) -> None:
        """Raise what is below the floor and take it from the rest, so that rows sum to 1."""
        raised = np.maximum(self._theta, self._floor) - self._floor
        room = 1 - self._floor.sum(axis=1, keepdims=True)
        total = raised.sum(axis=1, keepdims=True)
        share = np.divide(raised, total, out=np.zeros_like(raised), where=total > 0)
        theta = self._floor + share * room
        self._theta = theta / theta.sum(axis=1, keepdims=True)


def _utility(losses: FloatArray) -> FloatArray:
    """Return +1/mu for the best quarter, -1/mu for the worst, 0 between; ties share, ``(n,)``."""
    n = len(losses)
    n_rewarded = int(np.ceil(_REWARDED * n))
    by_rank = np.zeros(n)
    by_rank[:n_rewarded] = 1 / n_rewarded
    by_rank[n - n_rewarded :] = -1 / n_rewarded
    order, group = _ranked(losses)
    shared = np.bincount(group, weights=by_rank) / np.bincount(group)
    utility = np.empty(n)
    utility[order] = shared[group]
    return utility


def _weighted_utility(losses: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the same where samples count differently, ``(n,)``.

    Of the weight that lies on a loss: the share among the best quarter of all weight, less the
    share among the worst.
    """
    order, group = _ranked(losses)
    share = np.bincount(group, weights=weights[order]) / weights.sum()
    end = np.cumsum(share)
    begin = end - share
    best = np.clip(np.minimum(end, _REWARDED) - begin, 0, None)
    worst = np.clip(end - np.maximum(begin, 1 - _REWARDED), 0, None)
    shared = np.divide(best - worst, share, out=np.zeros_like(share), where=share > 0)
    utility = np.empty(len(losses))
    utility[order] = shared[group] / _REWARDED
    return utility


def _ranked(losses: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the samples by rising loss, and for each of them in that order which tie it is of.

    Raises:
        ValueError: A loss that is NaN or infinite.
    """
    if not np.isfinite(losses).all():
        raise ValueError(f"losses must be finite, got {losses.tolist()}.")
    order: IntArray = np.argsort(losses, kind="stable")
    ranked = losses[order]
    is_step = np.diff(ranked) > _TIE * np.abs(ranked[:-1])
    return order, np.concatenate([[0], np.cumsum(is_step)])
