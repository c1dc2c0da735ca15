import numpy as np
import pytest

from evonasc.cost.roofline import Roofline
from evonasc.space.layers import Layer


def test_a_layer_takes_the_longer_of_arithmetic_and_memory():
    roofline = Roofline(1000.0, 500.0, 0.25, lanes=1, stiffness=0.0, fit_error=0.0)
    layers = (
        Layer("conv", 8, 8, macs=4000, params=10, elements=90),  # 4 ms against 400 / 500 bytes
        Layer("pool", 8, 8, macs=0, params=0, elements=250),  # 1000 bytes / 500
        Layer("sum", 8, 8, macs=0, params=0, elements=250),  # the same, fused: no start
    )
    np.testing.assert_allclose(roofline.layer_ms(layers), [4.25, 2.25, 2.0])


def test_idle_lanes_cost_as_much_as_the_stiffness_says():
    """12 of 16 lanes busy on either side: 9/16 filled, so up to 16/9 of the... speed is lost."""
    layer = Layer("conv", 12, 12, macs=9000, params=0, elements=1)
    rigid = Roofline(1000.0, 1e9, 0.0, lanes=16, stiffness=1.0, fit_error=0.0)
    half = Roofline(1000.0, 1e9, 0.0, lanes=16, stiffness=0.5, fit_error=0.0)
    # Utilisation 1 / (1/2 + 1/2 * 16/9) = 18/25.
    assert rigid.layer_ms((layer,))[0] == pytest.approx(9 * 16 / 9)
    assert half.layer_ms((layer,))[0] == pytest.approx(9 * 25 / 18)
