import pytest

from evonasc.errors import AssetError
from evonasc.nasbench201.machines.machine import rooflines


def test_the_four_machines_with_block_tables_have_rooflines():
    assert sorted(rooflines()) == ["eyeriss", "fpga", "pixel3", "raspi4"]
    assert all(0 < roofline.fit_error < 0.15 for roofline in rooflines().values())


@pytest.mark.parametrize("content", [b"no table", b'{"raspi4": {"macs_per_ms": 1}}'])
def test_a_damaged_file_is_told(content, monkeypatch):
    monkeypatch.setattr("evonasc.assets.Assets.read", lambda self, file: content)
    rooflines.cache_clear()
    with pytest.raises(AssetError, match=r"The shipped file 'hardware/rooflines\.json' is damaged"):
        rooflines()
