import numpy as np
import pytest

from evonasc.cost.cuts import design_space
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.nasbench201.cells import CONV3X3, SKIP

BARE, CONV = (0, 0, 0, SKIP, 0, 0), (0, 0, 0, CONV3X3, 0, 0)


def allowed(nasbench, *, cell=CONV, bits=8, memory_bytes=None, **values):
    rule = design_space(Scenario(**values), nasbench, memory_bytes=memory_bytes).cut_rule
    return np.flatnonzero(rule(np.array([cell]), np.array([[bits]]))[0, 0]).tolist()


def test_by_default_everything_but_the_raw_input_may_be_sent(nasbench):
    assert allowed(nasbench) == list(range(1, 20))
    assert allowed(nasbench, min_split=0) == list(range(20))


def test_at_least_min_split_blocks_stay_on_the_device(nasbench):
    assert allowed(nasbench, min_split=17) == [17, 18, 19]
    assert allowed(nasbench, min_split=19) == [19]


@pytest.mark.parametrize("min_split", [20, 100])
def test_more_blocks_than_there_are_cannot_stay(nasbench, min_split):
    with pytest.raises(ConfigError, match=rf"min_split must lie in .*\[0, 19\], got {min_split}"):
        design_space(Scenario(min_split=min_split), nasbench)


def test_the_payload_must_fit(nasbench):
    # at 8 bits stage 1 sends 16392 bytes, stage 2 8200, stage 3 4104, the end nothing
    assert allowed(nasbench, max_payload_bytes=8200.0) == list(range(7, 20))
    assert allowed(nasbench, max_payload_bytes=8199.0) == list(range(13, 20))
    assert allowed(nasbench, max_payload_bytes=1.0) == [19]
    # the raw image is 3072 bytes
    assert allowed(nasbench, max_payload_bytes=4000.0, min_split=0) == [0, 19]


def test_a_narrower_payload_may_be_sent_earlier(nasbench):
    values = {"max_payload_bytes": 8200.0, "payload_bits": (4, 8, 16)}
    # 4 bits: 8192 + 8 bytes in stage 1; 16 bits: 8192 in stage 3, without a header
    assert allowed(nasbench, bits=4, **values) == list(range(1, 20))
    assert allowed(nasbench, bits=8, **values) == list(range(7, 20))
    assert allowed(nasbench, bits=16, **values) == list(range(13, 20))


def test_the_head_must_fit_the_device(nasbench):
    # stem and one cell: 4 * (464 + 2336 + 32768) bytes, by hand in test_memory.py
    assert allowed(nasbench, max_head_memory_bytes=142_272.0) == [1, 2]
    assert allowed(nasbench, max_head_memory_bytes=142_271.0) == [1]
    assert allowed(nasbench, max_head_memory_bytes=1000.0) == []


def test_what_the_device_has_and_what_the_scenario_grants_both_bound_the_head(nasbench):
    assert allowed(nasbench, memory_bytes=142_272.0) == [1, 2]
    assert allowed(nasbench, memory_bytes=142_272.0, max_head_memory_bytes=142_271.0) == [1]
    assert allowed(nasbench, memory_bytes=142_271.0, max_head_memory_bytes=142_272.0) == [1]


def test_only_the_first_cut_of_several_is_bound_by_the_head(nasbench):
    rule = design_space(Scenario(max_head_memory_bytes=142_271.0), nasbench).cut_rule
    mask = rule(np.array([CONV]), np.array([[8, 8]]))[0]
    assert [np.flatnonzero(row).tolist() for row in mask] == [[1], list(range(1, 20))]


def test_memory_depends_on_the_network_so_the_rule_does(nasbench):
    rule = design_space(Scenario(max_head_memory_bytes=142_271.0), nasbench).cut_rule
    mask = rule(np.array([BARE, CONV]), np.array([[8], [8]]))
    assert mask.sum(axis=2).tolist() == [[6], [1]]


def test_limits_hold_together(nasbench):
    values = {"max_head_memory_bytes": 400_000.0, "max_payload_bytes": 8200.0, "min_split": 8}
    assert allowed(nasbench, **values) == [
        cut for cut in range(8, 20) if cut in allowed(nasbench, max_head_memory_bytes=400_000.0)
    ]


def test_design_space_offers_the_widths_of_the_scenario(nasbench):
    assert design_space(Scenario(payload_bits=(4, 8)), nasbench).payload_bits == (4, 8)


def test_a_scenario_that_no_network_fits_is_refused(nasbench, rng):
    designs = design_space(Scenario(max_head_memory_bytes=1000.0), nasbench)
    with pytest.raises(ConfigError, match=r"no valid cut .* raise max_head_memory_bytes"):
        designs.sample(5, rng=rng)
