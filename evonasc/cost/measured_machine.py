"""A machine of the user on the networks of a space: its record, joined with what is its base."""

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.apportion import Apportioned, OfNetworks, layer_weights
from evonasc.cost.machine import Machine
from evonasc.cost.machine_record import MachineRecord, known_power, layer_key
from evonasc.cost.prior_fit import corrected_ms
from evonasc.cost.time_features import FeatureScale
from evonasc.errors import ConfigError, GenomeError
from evonasc.space import SearchSpace


class MeasuredMachine(Machine):
    """A profiled or calibrated machine.

    Args:
        record: What its file says; see :func:`require_space`.
        space: The networks.
        base: The known machine it leans on; None for a profiled one.
        where: Its file, as the user named it.
        digest: SHA-256 of the file.

    Raises:
        ConfigError: It was measured on another version of the space.
    """

    def __init__(
        self,
        record: MachineRecord,
        space: SearchSpace,
        base: Machine | None,
        *,
        where: str,
        digest: str,
    ) -> None:
        self._record, self._space, self._scale = record, space, FeatureScale.of(space)
        self.name, self.description, self.digest = record.name, record.description, digest
        self.kind = "profiled" if record.made_by == "profile" else "calibrated"
        self.power_mw = known_power(record.power_mw)
        self.idle_power_mw = known_power(record.idle_power_mw)
        _require_version(record, space, n_features=len(self._scale.varying))
        self._base: OfNetworks
        quality = f"mean error {record.left_out_error:.1%} on networks left out"
        named = f"{record.name} ({record.description}; file {where}, SHA-256 {digest[:8]})"
        if base is None:
            layer_ms = _layer_times(record, space)
            self._base = lambda networks: space.block_sums(networks, layer_ms).sum(axis=1)
            weights, self.block_model = layer_weights(space, layer_ms), "measured layers"
            self.sharing = (
                "apportioned to blocks by layers measured on it (mean error "
                f"{record.block_error:.0%} of a block's time)"
            )
            self.provenance = (
                f"{named}; total fitted to {record.n_networks} networks measured on it ({quality}, "
                f"noise {record.noise:.1%}); {self.sharing}"
            )
        else:
            self._base, weights = base.total_ms, base.block_weights
            self.block_model = base.block_model
            self.sharing = f"{base.sharing}, those of {record.base}"
            self.provenance = (
                f"{named}; total calibrated on {record.n_networks} networks the user measured, "
                f"leaning on {record.base} ({quality}); {self.sharing}"
            )
        self._apportioned = Apportioned(space, self.total_ms, weights)

    @property
    def mean_error(self) -> float:
        """Mean ``|predicted / measured - 1|`` on networks left out of the fit."""
        return self._record.left_out_error

    def total_ms(self, operations: IntArray) -> FloatArray:
        """Return the time of the canonical networks."""
        networks = self._space.canonical(operations)
        return corrected_ms(
            self._base(networks),
            self._scale(networks),
            weights=self._record.weights,
            least_factor=self._record.least_factor,
        )

    def head_table_ms(self, operations: IntArray) -> FloatArray:
        """Share the totals out among the blocks."""
        return self._apportioned.head_table_ms(operations)


def require_space(record: MachineRecord, space: SearchSpace) -> None:
    """Refuse a space that the record is not about.

    Raises:
        ConfigError: It is not.
    """
    if record.space != space.name:
        raise ConfigError(
            f"The machine {record.name!r} must be measured on networks of the space "
            f"{space.name!r}, got {record.space!r}. Measure it again with --space {space.name}."
        )


def _require_version(record: MachineRecord, space: SearchSpace, *, n_features: int) -> None:
    """Refuse a space whose features or genes are no longer those that were measured."""
    if len(record.weights) != 2 + n_features:
        raise ConfigError(
            f"The machine {record.name!r} must have {2 + n_features} weights for this version of "
            f"the space {space.name!r}, got {len(record.weights)}. Measure it again."
        )
    try:
        space.check(record.networks)
    except GenomeError as error:
        raise ConfigError(
            f"The machine {record.name!r} must be measured on networks of this version of the "
            f"space {space.name!r}, but {error} Measure it again."
        ) from error


def _layer_times(record: MachineRecord, space: SearchSpace) -> FloatArray:
    """Return the measured time of each layer, ms, ``(n_layers,)``.

    Equal layers at two places of a network are two layers, with times of their own.
    """
    if tuple(map(layer_key, space.layers)) != record.layer_keys:
        raise ConfigError(
            f"The machine {record.name!r} must know the {len(space.layers)} layers of the search "
            f"space, got the times of {len(record.layer_keys)} others. Profile it again with this "
            "version of evonasc."
        )
    return record.layer_ms
