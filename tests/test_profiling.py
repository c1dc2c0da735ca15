from dataclasses import replace

import numpy as np
import pytest
import torch
from own_machines import networks
from torch import nn

from evonasc.errors import ConfigError
from evonasc.nasbench201.space import NasBench201
from evonasc.nasbench201.supernet import FAMILY
from evonasc.supernet import profiling
from evonasc.supernet.profiling import (
    ProfileConfig,
    deployed_network,
    profile_this_machine,
    profiled_networks,
)

SPACE = NasBench201()
TINY = ProfileConfig(n_networks=10, n_rounds=2, n_repeats=1, clock="cpu")


@pytest.fixture(scope="module")
def network():
    return deployed_network(family=FAMILY)


def test_the_parts_are_the_layers_of_the_space(network):
    """Oracle: multiply-accumulates and parameters counted on the modules that are timed."""
    parts = FAMILY.layer_parts(network)
    assert len(parts) == len(SPACE.layers)
    for (part, (channels, side)), layer in zip(parts, SPACE.layers, strict=True):
        macs = []

        def count(module, inputs, output, macs=macs):
            if isinstance(module, nn.Conv2d):
                macs.append(module.weight.numel() * output.shape[-1] ** 2)
            elif isinstance(module, nn.Linear):
                macs.append(module.weight.numel())

        modules = list(part.modules()) if isinstance(part, nn.Module) else []
        handles = [module.register_forward_hook(count) for module in modules]
        with torch.inference_mode():
            result = part(torch.zeros(1, channels, side, side))
        for handle in handles:
            handle.remove()
        assert sum(macs) == layer.macs, layer
        params = sum(p.numel() for module in modules[:1] for p in module.parameters())
        assert params == layer.params, layer
        assert (channels, result.shape[1]) == (layer.c_in, layer.c_out), layer


def test_the_deployed_network_is_the_benchmarks_with_fixed_statistics(network):
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms
    assert all(norm.track_running_stats and norm.affine and not norm.training for norm in norms)
    assert len(network.blocks) == SPACE.n_blocks
    x = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        together, alone = network(x, [3, 1, 2, 1, 4, 3]), network(x[:1], [3, 1, 2, 1, 4, 3])
    # an input's scores do not depend on its neighbours in the batch
    torch.testing.assert_close(together[:1], alone, rtol=1e-3, atol=1e-3)


def test_values_neither_vanish_nor_overflow(network):
    """Subnormal numbers take many times as long: the times would depend on the weights."""
    x = profiling._image(3, 32, "channels-last")
    cells = [SPACE.bare_network, *([op] * 6 for op in (1, 2, 3, 4)), *networks(8)[1:].tolist()]
    with torch.inference_mode():
        for cell in cells:
            value = x
            for block in network.blocks[:-1]:
                value = block(value, cell) if hasattr(block, "conv1x1") else block(value)
                size = value.abs()
                assert 1e-20 < size.max() < 1e20, cell
                assert ((size == 0) | (size > 1e-30)).all(), cell


def test_networks_are_distinct_and_drawn_by_the_generator():
    drawn = profiled_networks(SPACE, 40, rng=np.random.default_rng(3))
    assert drawn[0].tolist() == list(SPACE.bare_network)
    assert len(np.unique(drawn, axis=0)) == 41
    np.testing.assert_array_equal(drawn, SPACE.canonical(drawn))
    np.testing.assert_array_equal(drawn, profiled_networks(SPACE, 40, rng=np.random.default_rng(3)))
    assert (drawn != profiled_networks(SPACE, 40, rng=np.random.default_rng(4))).any()


def test_a_measured_profile_is_sound():
    """Only what holds on any machine: shapes, positive times, heavy networks slower."""
    threads, torch_state = torch.get_num_threads(), torch.get_rng_state()
    told = []
    cells = np.array([SPACE.bare_network, [3] * 6, [3, 3, 0, 3, 3, 3]])
    profile = profile_this_machine(
        TINY, FAMILY, networks=cells, report=lambda done, of: told.append((done, of))
    )
    assert told == [(1, 2), (2, 2)]
    assert profile.block_ms.shape == (3, 19)
    assert profile.layer_ms.shape == (len(SPACE.layers),)
    assert (profile.block_ms > 0).all()
    assert (profile.layer_ms > 0).all()
    bare, six, five = profile.total_ms
    assert bare < five
    assert 3 * bare < six  # 90 convolutions more
    assert profile.busyness > 0.5
    assert "1 thread" in profile.description
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), torch_state)


def test_this_machine_is_profiled_on_the_networks_drawn():
    profile = profile_this_machine(TINY, family=FAMILY)
    drawn = profiled_networks(SPACE, 10, rng=np.random.default_rng(TINY.seed))
    np.testing.assert_array_equal(profile.networks, drawn)


def test_a_clock_decides_every_number(monkeypatch):
    """A clock that goes on by 1 ms each time it is read: every block takes 1 ms, a layer 0.1."""
    ticks = iter(range(10**6))
    monkeypatch.setattr(profiling.time, "perf_counter_ns", lambda: next(ticks) * 10**6)
    config = ProfileConfig(n_networks=10, n_rounds=2, n_repeats=2, clock="wall")
    profile = profile_this_machine(config, FAMILY, networks=networks(2))
    np.testing.assert_allclose(profile.block_ms, 1.0)
    np.testing.assert_allclose(profile.total_ms, 19.0)
    np.testing.assert_allclose(profile.layer_ms, 0.1)  # ten calls
    np.testing.assert_allclose(profile.noise, 0.0)


def test_what_runs_lies_in_memory_as_told_and_the_description_says_how(monkeypatch):
    seen = set()

    def look(x, *rest):
        seen.add((x.is_contiguous(), x.is_contiguous(memory_format=torch.channels_last)))
        return 1.0

    monkeypatch.setattr(profiling, "_time_layer", lambda part, x, *rest: look(x))
    for layout, expected in (("channels-last", (False, True)), ("contiguous", (True, False))):
        seen.clear()
        config = replace(TINY, n_repeats=1, layout=layout)
        profile = profile_this_machine(config, FAMILY, networks=networks(2))
        assert seen - {(True, True)} == {expected}  # images of one pixel are both
        assert f"eager, {layout}, batch 1" in profile.description
        weights = [
            one.weight
            for one in profiling.deployed_network(FAMILY, layout=layout).modules()
            if isinstance(one, torch.nn.Conv2d) and one.kernel_size == (3, 3)
        ]
        assert {one.is_contiguous() for one in weights} == {layout == "contiguous"}


BAD = {
    "layout must be 'channels-last' or 'contiguous', got 'rows'": {"layout": "rows"},
    "n_networks must lie in [10, 5000], got 3": {"n_networks": 3},
    "n_networks must lie in [10, 5000], got 6000": {"n_networks": 6000},
    "n_rounds must lie in [2, 10000], got 1": {"n_rounds": 1},
    "n_threads must be at least 1, got 0": {"n_threads": 0},
    "clock must be 'cpu' or 'wall', got 'sun'": {"clock": "sun"},
    "'cpu' must be used with one thread": {"clock": "cpu", "n_threads": 2},
}


@pytest.mark.parametrize("message", BAD)
def test_what_cannot_be_measured_is_refused(message):
    with pytest.raises(ConfigError) as refusal:
        ProfileConfig(**BAD[message])
    assert message in str(refusal.value)
