import os
from functools import partial

import pytest

from evonasc.errors import ConfigError
from evonasc.limits import MAX_SEED, max_workers, require_seed, require_workers
from evonasc.nasbench201.errors.payload_file import EffectConfig
from evonasc.nasbench201.machines.fitting import fit_hardware
from evonasc.nasbench201.network import SupernetConfig
from evonasc.search.config import SearchConfig
from evonasc.supernet.profiling import ProfileConfig
from evonasc.supernet.proxy_file import ProxyConfig
from evonasc.supernet.training import TrainingConfig

SIZES = SupernetConfig()


@pytest.mark.parametrize(
    "config",
    [
        EffectConfig,
        ProfileConfig,
        partial(ProxyConfig, SIZES, SIZES),
        SearchConfig,
        partial(TrainingConfig, SIZES, data="noise"),
    ],
)
def test_every_configuration_takes_the_seeds_that_all_generators_take(config):
    for seed in (0, MAX_SEED):
        assert config(seed=seed).seed == seed
    with pytest.raises(ConfigError, match=r"seed must lie in \[0, 9223372036854775807\], got -1"):
        config(seed=-1)
    with pytest.raises(ConfigError, match=r"seed must lie in \[0, \d+\], got 9223372"):
        config(seed=MAX_SEED + 1)


def test_the_largest_seed_seeds_torch_and_numpy():
    import numpy as np
    import torch

    require_seed(MAX_SEED)
    torch.Generator().manual_seed(MAX_SEED)
    np.random.default_rng([MAX_SEED, 1])


def test_predictors_are_fitted_with_such_a_seed(tmp_path):
    with pytest.raises(ConfigError, match=r"seed must lie in \[0, \d+\], got -1"):
        fit_hardware(tmp_path / "none.npz", names=["raspi4"], seed=-1)


def test_workers_are_four_a_core_at_most(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert max_workers() == 12
    require_workers("jobs", 12)
    with pytest.raises(ConfigError, match="jobs must be at most 12, 4 for each core .*, got 13"):
        require_workers("jobs", 13)
    with pytest.raises(ConfigError, match="threads must be at least 1, got 0"):
        require_workers("threads", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert max_workers() == 4
