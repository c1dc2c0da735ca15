"""The scenario of the guest's machines."""

from evonasc.cost.scenario import Scenario

LADDER_10 = Scenario(
    name="ladder-10mbps", head_hardware="ladder-phone", tail_hardware="ladder-server"
)
