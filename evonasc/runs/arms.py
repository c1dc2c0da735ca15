"""Arms of a comparison: an algorithm with settings of its own, under a name of its own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from evonasc.errors import ConfigError
from evonasc.field_types import from_text, hints_of
from evonasc.runs.config import RunConfig
from evonasc.runs.trials import contender_config
from evonasc.search.algorithm import Algorithm
from evonasc.search.algorithms import algorithm
from evonasc.search.config import SearchConfig

#: What the name of an arm, which is a folder's too, may be.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,59}")


@dataclass(frozen=True)
class Arm:
    """An algorithm, or one with a variation, and the options it is given.

    Raises:
        ConfigError: A name that is none of a folder, or an option that the algorithm does not read.
        UnknownNameError: An unknown algorithm.

    Example:
        >>> Arm("small", "nsga2", (("pop_size", 20),)).name
        'small'
    """

    #: Under which it appears.
    name: str
    #: As ``nsga2`` or ``nsga2+refine``.
    algorithm: str
    #: Fields of :class:`SearchConfig` and their values.
    settings: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if self.name != self.algorithm and not _NAME.fullmatch(self.name):
            raise ConfigError(
                "The name of an arm must be up to 60 letters, digits, dots, dashes and "
                f"underscores, got {self.name!r}."
            )
        read = self.entry.options
        for field, _ in self.settings:
            if field not in read:
                raise ConfigError(
                    f"{field} of the arm {self.name!r} is not read by {self.algorithm}, which "
                    f"reads {', '.join(sorted(read)) or 'nothing'}. Leave it out."
                )

    @property
    def entry(self) -> Algorithm:
        """The algorithm, without its variations."""
        return algorithm(self.algorithm.partition("+")[0])

    def configured(self, config: RunConfig) -> RunConfig:
        """Return a configuration with the algorithm and its settings.

        Raises:
            EvonascError: As :func:`contender_config` does; or a value out of range.
        """
        config = contender_config(self.algorithm, config)
        return replace(config, search=replace(config.search, **dict(self.settings)))

    def described(self) -> dict[str, object]:
        """Return it as JSON holds it, without its name."""
        if self == plain_arm(self.algorithm):
            return {}
        return {"algorithm": self.algorithm, "settings": dict(self.settings)}

    @classmethod
    def of(cls, name: str, described: Mapping[str, Any]) -> "Arm":
        """Return the arm that :meth:`described` wrote; raises as the class does."""
        settings = described.get("settings", {})
        if not isinstance(settings, Mapping):
            raise ConfigError(f"settings of the arm {name!r} must be an object.")
        return cls(name, str(described.get("algorithm", name)), tuple(settings.items()))


@lru_cache
def plain_arm(name: str) -> Arm:
    """Return an algorithm as an arm that has its name."""
    return Arm(name, name)


def parse_arm(text: str) -> Arm:
    """Read ``NAME: ALGORITHM FIELD=VALUE ...``.

    Raises:
        ConfigError: It is none, or a value is of another kind than its field.
        UnknownNameError: An unknown algorithm.

    Example:
        >>> parse_arm("large: nsga2 pop_size=100").settings
        (('pop_size', 100),)
    """
    name, colon, rest = text.partition(":")
    words = rest.split()
    if not colon or not words:
        raise ConfigError(
            f"arm must be 'NAME: ALGORITHM FIELD=VALUE ...', as in 'large: nsga2 pop_size=100', "
            f"got {text!r}."
        )
    hints, settings = hints_of(SearchConfig), dict[str, Any]()
    for word in words[1:]:
        field, equals, value = word.partition("=")
        field = field.lstrip("-").replace("-", "_")
        if not equals or field in settings:
            raise ConfigError(f"A setting of an arm must be FIELD=VALUE, each once, got {word!r}.")
        settings[field] = value
    made = Arm(name.strip(), words[0], tuple(settings.items()))  # refuses unknown fields
    for field, value in settings.items():
        try:
            settings[field] = from_text(hints[field], value)
        except TypeError as error:
            raise ConfigError(f"{field} of the arm {made.name!r} {error}.") from error
    return replace(made, settings=tuple(settings.items()))
