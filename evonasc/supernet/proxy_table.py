"""Proxies measured on networks with random weights, and the file that holds them.

:mod:`evonasc.supernet.proxy_signals` and :mod:`evonasc.supernet.fisher_spectrum` say how they are
measured. All are larger where more accuracy is expected.
"""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import AssetError, ConfigError, GenomeError
from evonasc.inputs import read_own
from evonasc.parsing import json_value, npz_arrays, npz_bytes
from evonasc.space import SearchSpace
from evonasc.supernet.network_list import gene_type, listed_networks, require_file_of

#: Measured proxies, with one line for people; the order of the columns of a table.
MEASURED = {
    "expressivity": "entropy of the blocks' principal components (AZ-NAS)",
    "progressivity": "its least rise from block to block (AZ-NAS)",
    "trainability": "how near the blocks' Jacobians keep a gradient's size (AZ-NAS)",
    "naswot": "how differently images switch the ReLUs (NASWOT)",
    "jacobian": "how little the images' input Jacobians are correlated (Jacov)",
    "fisher": "evenness of the Fisher information's spectrum (VKDNW)",
}


@dataclass(frozen=True)
class ProxyTable:
    """Measured proxies of networks."""

    #: ``(n, n_operation_genes)`` canonical connected networks.
    networks: IntArray
    #: ``(n_repeats, n, n_proxies)`` in the order of ``MEASURED``, a repeat having its own weights
    #: and images; NaN where not yet measured, -inf where a proxy has no finite value.
    values: FloatArray
    #: What made them: space (files of before do not say), sizes and seed.
    header: dict[str, object]
    #: The networks are of this space.
    space: SearchSpace

    @property
    def is_complete(self) -> bool:
        """Whether every network was measured in every repeat."""
        return not np.isnan(self.values).any()

    def mean(self, name: str) -> FloatArray:
        """Return one proxy averaged over the repeats, ``(n,)``."""
        average: FloatArray = self.values[:, :, list(MEASURED).index(name)].mean(axis=0)
        return average


def encode_proxies(table: ProxyTable) -> bytes:
    """Return the bytes of a proxy file (npz without pickles)."""
    return npz_bytes(
        # not all spaces have cells, but files are known by this name
        cells=table.networks.astype(gene_type(table.space)),
        names=np.array(list(MEASURED)),
        values=table.values.astype(np.float32),
        header=np.array(json.dumps(table.header)),
    )


def decode_proxies(data: bytes, *, where: str, space: SearchSpace) -> ProxyTable:
    """Return the table that a file's bytes hold; ``where`` names it in errors.

    Raises:
        AssetError: Not a proxy file of the space.
    """
    try:
        file = npz_arrays(data, ("cells", "values", "header", "names"))
        header = json_value(str(file["header"]))
        require_file_of(space, header, what="proxies", where=where)
        table = ProxyTable(
            space=space,
            networks=space.check(file["cells"]),
            values=file["values"].astype(np.float64),
            header=header,
        )
        names = file["names"].tolist()
        if names != list(MEASURED):
            raise ValueError(f"its proxies are {', '.join(map(str, names))}")
        shape = (len(table.networks), len(MEASURED))
        if table.values.ndim != 3 or not len(table.values) or table.values.shape[1:] != shape:
            raise ValueError("its arrays do not fit together")
        return table
    except (TypeError, ValueError, GenomeError) as error:
        raise AssetError(f"{where} is no proxy file of evonasc ({error}).") from error


def read_proxies(path: Path, space: SearchSpace) -> ProxyTable:
    """Read a proxy file of the user.

    Raises:
        DataFileError: Missing, or no proxy file.
    """
    decode = partial(decode_proxies, space=space)
    return read_own(path, decode, kind="proxy file", command="evonasc supernet proxies")


def read_all_proxies(path: Path, space: SearchSpace) -> ProxyTable:
    """Read a proxy file of the user that must hold every network, to be joined.

    Raises:
        DataFileError: Missing, or no proxy file.
        ConfigError: Networks are missing, or were not measured in every repeat.
    """
    table = read_proxies(path, space)
    networks = listed_networks(space, remedy="Their proxies cannot be joined.")
    is_measured = ~np.isnan(table.values).any(axis=(0, 2))
    numbers = np.unique(space.numbers(table.networks[is_measured]))
    n_known = int(np.isin(space.numbers(networks), numbers).sum())
    if n_known < len(networks) or len(table.networks) != len(networks):
        raise ConfigError(
            f"{path} must hold the proxies of all {len(networks)} networks, got {n_known}. Finish "
            "it with the evonasc supernet proxies that began it."
        )
    return table
