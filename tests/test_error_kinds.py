"""A benchmark's errors by weights at hand, of a guest whose supernet nothing ships for."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from guest_supernet import COTRAINED, FAMILY, LIVE

from evonasc.benchmark import ErrorRequest
from evonasc.data.datasets import load_data
from evonasc.errors import ConfigError
from evonasc.space import DesignSpace
from evonasc.supernet.cotraining import cotraining_config
from evonasc.supernet.live_options import CotrainedOptions, LiveOptions
from evonasc.supernet.training import train_supernet

REQUEST = ErrorRequest(FAMILY.space, seed=3)


@pytest.fixture
def designs():
    n_cuts = FAMILY.space.n_blocks + 1
    return DesignSpace(FAMILY.space, (8,), lambda nets, bits: np.ones((*bits.shape, n_cuts), bool))


def test_weights_of_a_guest_are_run_live(designs, tmp_path):
    data = load_data("digits", None, seed=0)
    config = cotraining_config(data, FAMILY, seed=0)
    train_supernet(replace(config, epochs=1), data, tmp_path, FAMILY)
    options = LiveOptions(weights=tmp_path / "checkpoint.safetensors", n_images=20)
    source = LIVE.make(options, REQUEST)
    networks = FAMILY.space.sample(2, rng=np.random.default_rng(0))
    genes = np.concatenate([networks, [[3], [3]]], axis=1)
    errors = source.error(genes, designs=designs)
    assert ((errors >= 0) & (errors <= 1)).all()
    with pytest.raises(ConfigError, match="none ships for 'guest'. Give --weights"):
        LIVE.make(LiveOptions(), REQUEST)


def test_a_search_trains_weights_of_a_guest_from_its_own_seed():
    weights = COTRAINED.make(CotrainedOptions(data="digits"), REQUEST)
    assert weights.supernet.space is FAMILY.space
    assert weights.config.seed == 3
    with pytest.raises(ConfigError, match="needs images to train on"):
        COTRAINED.make(CotrainedOptions(), REQUEST)


def test_kinds_are_named_without_torch():
    code = (
        "import sys; from evonasc.nasbench201.errors.weights import COTRAINED, LIVE; "
        "print(LIVE.is_stored, COTRAINED.is_trained_by_search, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]
