"""FBNet's supernet: operations are parts of one block, and a tree of networks is walked once."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from evonasc.cli import main
from evonasc.errors import ConfigError
from evonasc.fbnet.machines.network_entries import searched_entries
from evonasc.fbnet.network import FBNetConfig, Layer, grouped, shuffled
from evonasc.fbnet.space import OPERATIONS, SKIP, FBNet
from evonasc.fbnet.supernet import FAMILY
from evonasc.supernet import live
from evonasc.supernet.family import Memo

SPACE = FBNet()
SMALL = FBNetConfig(width_percent=25, n_classes=10)


@pytest.fixture(scope="module")
def supernet():
    return FAMILY.initialise(SMALL, seed=0)


@pytest.fixture
def images():
    return torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def norm(channels):
    return nn.BatchNorm2d(channels, affine=False, track_running_stats=False)


def alone(layer, operation):
    """Build one operation by itself, of torch's modules, with the weights that belong to it."""
    entry, c_in = layer._entries[operation], layer._c_in
    middle, c_out = entry.expansion * c_in, layer.project.shape[0]
    groups, kernel = entry.groups, entry.kernel
    first = nn.Conv2d(c_in, middle, 1, groups=groups, bias=False)
    depthwise = nn.Conv2d(
        middle, middle, kernel, entry.stride, kernel // 2, groups=middle, bias=False
    )
    last = nn.Conv2d(middle, c_out, 1, groups=groups, bias=False)
    with torch.no_grad():
        inner = slice((5 - kernel) // 2, (5 + kernel) // 2)
        depthwise.weight.copy_(layer.depthwise[:middle, :, inner, inner])
        for conv, whole in ((first, layer.expand[:middle]), (last, layer.project[:, :middle])):
            rows, columns = whole.shape[0] // groups, whole.shape[1] // groups
            for group in range(groups):
                part = slice(group * rows, (group + 1) * rows)
                conv.weight[part] = whole[part, group * columns : (group + 1) * columns]
    mix = nn.ChannelShuffle(groups) if groups > 1 else nn.Identity()
    return nn.Sequential(
        *(first, norm(middle), nn.ReLU(), mix, depthwise, norm(middle), nn.ReLU()),
        *(last, norm(c_out)),
    )


@pytest.mark.parametrize("gene", [0, 1, 2, 5, 21])
@pytest.mark.parametrize("operation", range(8))
def test_an_operation_is_what_it_is_alone(supernet, gene, operation):
    layer = supernet.blocks[gene + 1]
    entry = searched_entries()[gene][operation]
    x = torch.randn(4, layer._c_in, 16, 16, generator=torch.Generator().manual_seed(gene))
    wanted = alone(layer, operation)(x)
    if entry.stride == 1 and entry.channels_in == entry.channels_out:
        wanted = wanted + x
    torch.testing.assert_close(layer(x, operation), wanted, rtol=1e-4, atol=1e-5)


def test_operations_share_weights(supernet):
    """Of the largest block; nothing but what belongs to it has a gradient."""
    layer = supernet.blocks[3]
    x = torch.randn(2, layer._c_in, 8, 8)
    for operation, name in enumerate(OPERATIONS[:SKIP]):
        layer.zero_grad()
        layer(x, operation).square().sum().backward()
        middle = layer._entries[operation].expansion * layer._c_in
        is_used = (layer.depthwise.grad != 0).flatten(1).any(dim=1)
        assert is_used.nonzero().max() < middle, name
        ring = layer.depthwise.grad[:, 0, 0]
        assert bool((ring != 0).any()) == name.startswith("k5"), name


def test_shapes_are_those_of_the_space():
    supernet = FAMILY.initialise(FAMILY.make_config(100, is_large=True), seed=0)
    x = torch.zeros(2, 3, 32, 32)
    network = SPACE.sample(1, rng=np.random.default_rng(0))[0].tolist()
    with torch.inference_mode():
        for cut, shape in enumerate(SPACE.cut_shapes[:-1]):
            assert tuple(x.shape[1:]) == shape
            x = supernet(x, network, start=cut, stop=cut + 1)
    assert x.shape == (2, 100)


def test_weights_are_those_of_the_largest_network():
    """All k5_e6: what the space counts, but for the two numbers a channel of a normalisation."""
    supernet = FAMILY.initialise(FBNetConfig(), seed=0)
    counted = SPACE.block_params(np.full((1, 22), 7))[0]
    for block in range(1, 23):
        layer = supernet.blocks[block]
        channels = 2 * layer.expand.shape[0] + layer.project.shape[0]
        weights = sum(one.numel() for one in (layer.expand, layer.depthwise, layer.project))
        assert counted[block] == weights + 2 * channels
    assert sum(weight.numel() for weight in supernet.parameters()) < 3.9e6


def test_a_tree_of_networks_is_walked_once(supernet, images, monkeypatch):
    rng = np.random.default_rng(0)
    networks = SPACE.sample(4, rng=rng)
    some = [networks[0]]
    for _ in range(12):  # mutants, as a search has them
        child = some[rng.integers(len(some))].copy()
        child[rng.integers(22)] = rng.integers(9)
        some.append(child)
    ordered = np.array(some)[np.lexsort(np.array(some).T[::-1])].tolist()
    calls, plain = [], Layer.forward
    monkeypatch.setattr(Layer, "forward", lambda self, x, o: calls.append(o) or plain(self, x, o))
    memo: Memo = {}
    with torch.inference_mode():
        stem = supernet(images, (), stop=1)
        for network in ordered:
            got = supernet(stem, network, start=1, memo=memo)
            n_with = len(calls)
            wanted = supernet(stem, network, start=1)
            del calls[n_with:]
            torch.testing.assert_close(got, wanted, rtol=0, atol=0)
            assert len(memo) <= 22
    assert len(calls) < 0.8 * 22 * len(ordered)


def test_grouped_weights_and_shuffled_channels():
    weight = torch.arange(16.0).reshape(4, 4, 1, 1)
    assert grouped(weight, 2).flatten().tolist() == [0, 1, 4, 5, 10, 11, 14, 15]
    x = torch.arange(6.0).reshape(1, 6, 1, 1)
    assert shuffled(x, 2).flatten().tolist() == [0, 3, 1, 4, 2, 5]


def test_weights_are_reproducible_and_sizes_are_checked():
    one, same, other = (FAMILY.initialise(SMALL, seed=seed) for seed in (0, 0, 1))
    for a, b, c in zip(one.parameters(), same.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
    for sizes in ({"width_percent": 4}, {"width_percent": 201}, {"n_classes": 0}):
        with pytest.raises(ConfigError, match=r"must (lie in|be at least)"):
            FBNetConfig(**sizes)
    with pytest.raises(ConfigError, match="must be one of width_percent, got 'channels'"):
        FAMILY.make_config(10, is_large=True, given={"channels": 4})


@pytest.mark.slow
def test_it_is_trained_and_searched_by_the_commands_of_every_space(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(live, "N_SCALE_NETWORKS", 12)  # those that give the scale take long
    folder = tmp_path / "trained"
    train = ["supernet", "train", "--space", "fbnet", "--data", "digits", "--epochs", "1"]
    train += ["--size", "width_percent=5", "--batch-size", "300", "--out", str(folder)]
    assert main(train) == 0
    weights = str(folder / "checkpoint.safetensors")
    run = ["run", "--space", "fbnet", "--accuracy", "live", "--weights", weights]
    run += ["--images", "10", "--budget", "8", "--pop-size", "4", "--no-cache", "--no-plot"]
    run += ["--head-hardware", "raspi4", "--tail-hardware", "edgegpu", "--json"]
    capsys.readouterr()
    assert main([*run, "--out", str(tmp_path / "run")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n_evaluated"] == 8
    assert all(0 <= row["error"] <= 1 for row in found["front"])
    assert main(["explain", str(tmp_path / "run"), str(found["front"][0]["id"])]) == 0
