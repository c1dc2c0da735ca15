"""Everything a placement costs except accuracy and energy: times, payloads, memory."""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.path import Path
from evonasc.cost.payload import payload_bytes
from evonasc.errors import ConfigError
from evonasc.space import DesignSpace, SearchSpace

#: Weights and activations of the head are float32.
BYTES_PER_VALUE = 4


@dataclass(frozen=True)
class Costs:
    """Costs of n designs for one input, on a path of m machines."""

    #: Time of each machine, ms, ``(n, m)``.
    machine_ms: FloatArray
    #: Time on each link, ms, ``(n, m - 1)``.
    link_ms: FloatArray
    #: What crosses each link, bytes, ``(n, m - 1)``.
    payload_bytes: FloatArray
    #: Weights and activations of the head, bytes, ``(n,)``.
    head_memory_bytes: FloatArray

    @property
    def latency_ms(self) -> FloatArray:
        """Everything one after the other along the path, ms, ``(n,)``."""
        total: FloatArray = self.machine_ms[:, 0].copy()
        for link in range(self.link_ms.shape[1]):
            total += self.link_ms[:, link]
            total += self.machine_ms[:, link + 1]
        return total


def path_costs(genes: IntArray, *, designs: DesignSpace, path: Path) -> Costs:
    """Return what designs cost on a path.

    Args:
        genes: ``(n, n_genes)`` canonical designs: whoever builds a network leaves out what cannot
            reach its output.
        designs: The design space of the genes, with as many links as the path has.
        path: Machines and links.

    Raises:
        ConfigError: It has more links, or fewer.
    """
    if designs.n_links != len(path.links):
        raise ConfigError(
            f"designs must be over the {len(path.links)} links of the path, got {designs.n_links}."
        )
    networks, row = designs.space.distinct(designs.operations(genes))
    splits, bits = designs.split_points(genes), designs.bits(genes)
    first = np.zeros((len(genes), 1), dtype=np.int64)
    last = np.full((len(genes), 1), designs.space.n_blocks)
    bounds = np.concatenate([first, splits, last], axis=1)
    machine_ms = np.empty((len(genes), len(path.machines)))
    for place, machine in enumerate(path.machines):
        table = machine.head_table_ms(networks)
        machine_ms[:, place] = table[row, bounds[:, place + 1]] - table[row, bounds[:, place]]
    payload = np.stack(
        [
            payload_bytes(designs.space, splits[:, link], bits[:, link])
            for link in range(len(path.links))
        ],
        axis=1,
    )
    link_ms = [link.send_ms(payload[:, place]) for place, link in enumerate(path.links)]
    return Costs(
        machine_ms=machine_ms,
        link_ms=np.stack(link_ms, axis=1),
        payload_bytes=payload,
        head_memory_bytes=head_memory_table(designs.space, networks)[row, splits[:, 0]],
    )


def head_memory_table(space: SearchSpace, operations: IntArray) -> FloatArray:
    """Return the head's memory at each cut in bytes, ``(n, n_blocks + 1)``.

    Weights of all its blocks, plus the most activations alive at once in any of them; at cut 0
    only the input. Code and buffers of the runtime are not counted.
    """
    weights = np.cumsum(space.block_params(operations), axis=1)
    peak = np.maximum.accumulate(space.block_peak_elements(operations), axis=1)
    values = np.empty((len(operations), space.n_blocks + 1))
    values[:, 0] = np.prod(space.cut_shapes[0])
    values[:, 1:] = weights + peak
    return values * BYTES_PER_VALUE
