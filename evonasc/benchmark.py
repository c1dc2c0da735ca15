"""What a benchmark is to the rest of the house: one family of networks, and what is known of it.

A benchmark is a folder of its own (``evonasc/nasbench201``, or another package's) with one object
of this kind in its ``__init__``. Nothing imports it; :mod:`evonasc.runs.benchmarks` loads it by
name. What it brings is named by lazy entries, so that asking for a space loads no weights.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from evonasc.arrays import FloatArray, IntArray
from evonasc.assets import Assets
from evonasc.errors import ConfigError
from evonasc.plugins import Registry
from evonasc.space import DesignSpace, SearchSpace

if TYPE_CHECKING:  # machines' times are long to import, and none is needed here
    from evonasc.cost.scenario import Scenario

#: The search space that is used where nobody names one.
DEFAULT_SPACE = "nasbench201"


@runtime_checkable
class ErrorSource(Protocol):
    """How wrong networks are.

    The error is that of the network, wherever it is cut and however wide its payload is. A source
    that knows what the payload does to it is a :class:`PayloadSource` as well.
    """

    #: One sentence on where the numbers come from.
    provenance: str

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """Return the error of canonical designs, fractions in [0, 1], ``(n,)``.

        Raises:
            ConfigError: The designs are of another space than the source knows.
            EvaluationError: A network has no error.
        """


@runtime_checkable
class PayloadSource(Protocol):
    """How much more wrong a network is for what it sends; asked only where that can be."""

    def payload_increase(
        self, genes: IntArray, *, designs: DesignSpace, scenario: "Scenario"
    ) -> FloatArray:
        """Return what narrow payloads and lost packets add to the error, fractions, ``(n,)``."""

    def payload_provenance(self) -> str:
        """Say where that comes from, in one line.

        Raises:
            ConfigError: It cannot be had.
        """


@runtime_checkable
class HarmlessSource(Protocol):
    """Knows that wide payloads without lost values leave the error as it is; else it is assumed."""

    #: How that is known: what stands in brackets behind "count as harmless".
    harmless_words: str


@dataclass(frozen=True)
class ErrorRequest:
    """What a search asks an error source for, besides the source's own options."""

    #: The networks.
    space: SearchSpace
    #: For sources that draw or train: the search's own in a run; 0 where one source serves more
    #: than a search, as in a comparison, whose searches differ by seed, or where none asks.
    seed: int = 0


@dataclass(frozen=True)
class ErrorKind:
    """One kind of error source: an entry of a table of them."""

    #: Frozen dataclass of its options, each a path, a text, a number or a switch with a default.
    options: type
    #: Makes the source from such options and a request.
    make: Callable[[Any, ErrorRequest], ErrorSource]
    #: One line for ``evonasc list``, where the table has none.
    description: str = ""
    #: Whether errors are stored, so that asking for one costs nothing.
    is_stored: bool = True
    #: Whether the search itself trains the weights that it comes from.
    is_trained_by_search: bool = False


@dataclass(frozen=True)
class Benchmark:
    """One family of networks.

    Example:
        >>> from evonasc.problems.toy import ToySpace
        >>> Benchmark(name="toy", make_space=ToySpace).make_space().n_blocks
        6
    """

    #: Name on the command line.
    name: str
    #: Makes its search space.
    make_space: Callable[[], SearchSpace]
    #: One line for ``evonasc list``, where the table has none.
    description: str = ""
    #: Machines whose times it knows: name to a function of the name that gives a
    #: :class:`evonasc.cost.machine.Machine`; other packages' entries give files.
    machines: Registry = field(default_factory=lambda: Registry("hardware", "hardware", {}))
    #: Its error sources: name to an :class:`ErrorKind`.
    errors: Registry = field(default_factory=lambda: Registry("accuracy", "errors", {}))
    #: The source that is used where nobody names one; empty where it has none.
    default_error: str = ""
    #: Name of the scenario that is used where nobody names one; empty for evonasc's default.
    default_scenario: str = ""
    #: The source that a search which trains weights uses; empty where it has none.
    trained_error: str = ""
    #: Files that ship with it.
    assets: Assets | None = None
    #: Distribution and version that brings it; empty for evonasc's own. Filled in by the table.
    source: str = ""
    #: What can be done with this benchmark alone, by the name of the task: functions that commands
    #: for developers ask for, such as ``fit-machines``.
    tools: Registry = field(default_factory=lambda: Registry("tool of a benchmark", "tools", {}))
    #: ``package.module:object`` of its one-shot supernet, a
    #: :class:`evonasc.supernet.family.SupernetFamily`; empty where it has none.
    supernet: str = ""

    def __post_init__(self) -> None:
        """Let the tables say whose they are, so that what breaks in them is told as that."""
        if self.source:
            for name in ("machines", "errors", "tools"):
                object.__setattr__(self, name, getattr(self, name).of_source(self.source))

    def use_tool(self, task: str, *arguments: object) -> object:
        """Return what a tool gives; see ``tools``.

        Raises:
            ConfigError: This benchmark has none for the task.
        """
        if task not in self.tools:
            raise ConfigError(
                f"The space {self.name!r} has no tool for {task!r}. Only its benchmark could bring "
                "one."
            )
        return self.tools.make(task, *arguments)
