"""A made-up benchmark whose networks are too many to list: 24 layers of 8 choices each.

Choice 0 skips a layer; the others are convolutions of their own. The space's blocks are a stem, the
layers and a classifier, on images of 32 x 32.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from evonasc.errors import GenomeError
from evonasc.space import SearchSpace
from evonasc.space.layers import classifier, conv
from evonasc.supernet.error_kinds import cotrained_kind, live_kind
from evonasc.supernet.family import Supernet, SupernetFamily

DEPTH, CHOICES, IMAGE, SIDE, WIDTH = 24, 8, 32, 8, 4


class GuestSpace(SearchSpace):
    """A stem, 24 layers to choose or to skip, and a classifier."""

    name = "guest"
    n_choices = (CHOICES,) * DEPTH
    gene_groups = tuple((gene,) for gene in range(DEPTH))
    block_names = ("stem", *(f"layer {i + 1}" for i in range(DEPTH)), "head")
    cut_shapes = ((3, IMAGE, IMAGE), *((WIDTH, SIDE, SIDE),) * (DEPTH + 1), (10, 1, 1))
    short_text_key = "network: one digit a layer, 0 = skip"
    text_column = "layers"
    bare_network = (0,) * DEPTH
    layers = (
        conv(3, WIDTH, kernel=3, side=IMAGE, stride=4),
        *(conv(WIDTH, WIDTH, kernel=3, side=SIDE) for _ in range(DEPTH)),
        classifier(WIDTH, 10, side=SIDE),
    )
    layer_membership = np.eye(DEPTH + 2, dtype=np.int64)

    def is_connected(self, operations):
        return np.ones(len(self.check(operations)), dtype=bool)

    def canonical(self, operations):
        return self.check(operations)

    def is_identity_block(self, operations):
        mask = np.zeros((len(operations), self.n_blocks), dtype=bool)
        mask[:, 1:-1] = operations == 0
        return mask

    def layer_counts(self, operations):
        once = np.ones((len(operations), 1), dtype=np.int64)
        return np.concatenate([once, (operations > 0).astype(np.int64), once], axis=1)

    def block_peak_elements(self, operations):
        return np.full((len(operations), self.n_blocks), 2 * WIDTH * SIDE**2)

    def networks(self):
        return None

    def sample(self, n, *, rng):
        return rng.integers(CHOICES, size=(n, DEPTH))

    def to_text(self, operations):
        return ["".join(map(str, row)) for row in self.check(operations).tolist()]

    def to_short_text(self, operations):
        return self.to_text(operations)

    def from_text(self, texts):
        for text in texts:
            if len(text) != DEPTH or set(text) - set("01234567"):
                raise GenomeError(f"A network must be {DEPTH} digits from 0 to 7, got {text!r}.")
        return np.array([[int(digit) for digit in text] for text in texts])


@dataclass(frozen=True)
class GuestConfig:
    """Sizes."""

    width: int = WIDTH
    n_classes: int = 10


class GuestSupernet(Supernet):
    """All convolutions of all layers."""

    space = GuestSpace()

    def __init__(self, config):
        super().__init__()
        self.config, w = config, config.width
        norm = nn.BatchNorm2d(w, affine=False, track_running_stats=False)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Conv2d(3, w, 3, stride=4, padding=1), norm)])
        for _ in range(DEPTH):
            convolutions = [nn.Conv2d(w, w, 3, padding=1, bias=False) for _ in range(CHOICES - 1)]
            self.blocks.append(nn.ModuleList(convolutions))
        pool = nn.AdaptiveAvgPool2d(1)
        self.blocks.append(nn.Sequential(pool, nn.Flatten(), nn.Linear(w, config.n_classes)))

    def forward(self, x, network, *, start=0, stop=None, memo=None):
        for place in range(len(self.blocks))[start:stop]:
            if not 0 < place <= DEPTH:
                x = self.blocks[place](x)
            elif network[place - 1] > 0:
                key = (place, tuple(network[:place]))
                if memo is None or key not in memo:
                    # residual, so that 24 layers can be trained in a minute
                    value = x + 0.3 * torch.relu(self.blocks[place][network[place - 1] - 1](x))
                    if memo is not None:
                        memo[key] = value
                x = value if memo is None else memo[key]
        return x


class GuestFamily(SupernetFamily):
    """Makes them."""

    space = GuestSupernet.space
    config_type = GuestConfig

    def default_sizes(self, *, is_large):
        return {"width": WIDTH}

    def initialise(self, config, *, seed):
        generator = torch.Generator().manual_seed(seed)
        with torch.device("meta"):
            supernet = GuestSupernet(config)
        supernet = supernet.to_empty(device="cpu")
        for weight in supernet.parameters():
            nn.init.normal_(weight, std=0.2, generator=generator)
        return supernet.to(memory_format=torch.channels_last)


FAMILY = GuestFamily()
LIVE = live_kind("guest_supernet:FAMILY")
COTRAINED = cotrained_kind("guest_supernet:FAMILY")
