from types import SimpleNamespace

import numpy as np
import pytest

from evonasc.errors import ConfigError, UnknownNameError
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.space import NasBench201
from evonasc.supernet.path_sampling import draw_paths, paths_a_step

SPACE = NasBench201()
CELLS = canonical_connected_cells()


def test_a_uniform_step_is_one_network_of_those_given():
    rng = np.random.default_rng(0)
    drawn = [draw_paths("uniform", SPACE, rng=rng, networks=CELLS[:2]) for _ in range(40)]
    assert {path.shape for path in drawn} == {(1, 6)}
    assert {tuple(path[0].tolist()) for path in drawn} == set(map(tuple, CELLS[:2].tolist()))
    every = draw_paths("uniform", SPACE, rng=np.random.default_rng(1))
    known = CELLS[np.random.default_rng(1).integers(len(CELLS), size=1)]
    np.testing.assert_array_equal(every, known)


def test_a_fair_step_takes_every_choice_of_every_gene_once(monkeypatch):
    monkeypatch.setattr(SPACE, "canonical", lambda group: group, raising=False)
    group = draw_paths("fair", SPACE, rng=np.random.default_rng(0))
    assert len(group) == paths_a_step("fair", SPACE) == 5
    np.testing.assert_array_equal(np.sort(group, axis=0), np.tile(np.arange(5)[:, None], (1, 6)))
    assert SPACE.is_connected(group).all()


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(UnknownNameError, match="path sampling 'far'. Did you mean 'fair'"):
        paths_a_step("far", SPACE)
    uneven = SimpleNamespace(name="uneven", n_choices=(2, 3))
    assert paths_a_step("uniform", uneven) == 1
    with pytest.raises(ConfigError, match="equally many choices, got 'uneven'. Give 'uniform'"):
        paths_a_step("fair", uneven)
