"""What components of messages can tell by themselves."""

from enum import Enum

import pytest
from s2python.generated import gen_s2

from custom_components.flexmeasures.s2.messages import pebc, ppbc, session
from custom_components.flexmeasures.s2.messages.components import (
    Commodity,
    CommodityQuantity,
    ControlType,
    NumberRange,
    PowerRange,
    PowerValue,
    total_electric_power,
    total_electric_range,
)

L1 = CommodityQuantity.ELECTRIC_POWER_L1
L2 = CommodityQuantity.ELECTRIC_POWER_L2
L3 = CommodityQuantity.ELECTRIC_POWER_L3
SYMMETRIC = CommodityQuantity.ELECTRIC_POWER_3_PHASE_SYMMETRIC
GAS = CommodityQuantity.NATURAL_GAS_FLOW_RATE


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ({L1: 100, L2: 200, L3: -50}, 250),
        ({SYMMETRIC: 900}, 900),
        ({SYMMETRIC: 900, L1: 300}, 900),
        ({GAS: 0.5, L1: 40}, 40),
        ({GAS: 0.5}, None),
        ({L1: 0}, 0),
    ],
)
def test_phases_add_up_and_the_symmetric_value_is_their_total(
    values: dict[CommodityQuantity, float], total: float | None
) -> None:
    power = [PowerValue(commodity_quantity=name, value=value) for name, value in values.items()]

    assert total_electric_power(power) == total


def test_ranges_add_up_factor_by_factor() -> None:
    phases = [
        PowerRange(commodity_quantity=L1, start_of_range=0, end_of_range=-1000),
        PowerRange(commodity_quantity=L2, start_of_range=100, end_of_range=-500),
    ]

    total = total_electric_range(phases)

    assert total == NumberRange(start_of_range=100, end_of_range=-1500)
    assert total is not None
    assert total.at(0.5) == -700
    assert (total.lowest, total.highest) == (-1500, 100)
    assert total.contains(-1500)
    assert not total.contains(101)
    assert (
        total_electric_range([PowerRange(commodity_quantity=GAS, start_of_range=0, end_of_range=1)])
        is None
    )


def test_every_quantity_has_its_unit() -> None:
    assert {quantity.unit for quantity in CommodityQuantity} == {"W", "L/s", "g/s", "°C", "L/h"}
    assert CommodityQuantity.HEAT_THERMAL_POWER.unit == SYMMETRIC.unit == "W"
    assert CommodityQuantity.OIL_FLOW_RATE.unit == "L/h"


@pytest.mark.parametrize(
    ("own", "standard"),
    [
        (Commodity, gen_s2.Commodity),
        (CommodityQuantity, gen_s2.CommodityQuantity),
        (ControlType, gen_s2.ControlType),
        (pebc.PowerEnvelopeConsequenceType, gen_s2.PEBCPowerEnvelopeConsequenceType),
        (pebc.PowerEnvelopeLimitType, gen_s2.PEBCPowerEnvelopeLimitType),
        (ppbc.PowerSequenceStatus, gen_s2.PPBCPowerSequenceStatus),
        (session.EnergyManagementRole, gen_s2.EnergyManagementRole),
        (session.InstructionStatus, gen_s2.InstructionStatus),
        (session.ReceptionStatusValue, gen_s2.ReceptionStatusValues),
        (session.RoleType, gen_s2.RoleType),
        (session.SessionRequestType, gen_s2.SessionRequestType),
    ],
    ids=lambda kind: kind.__name__,
)
def test_words_are_those_of_the_standard(own: type[Enum], standard: type[Enum]) -> None:
    assert {word.value for word in own} == {word.value for word in standard}


def test_more_can_be_revoked_than_the_schema_says() -> None:
    own = {word.value for word in session.RevokableObject}
    standard = {word.value for word in gen_s2.RevokableObjects}

    assert standard < own
    assert len(own - standard) == 4
