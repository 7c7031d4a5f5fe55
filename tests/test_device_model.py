"""What a flexible device can do: from numbers, and from entities with units of their own."""

from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.flexmeasures.control import PowerLimits
from custom_components.flexmeasures.device_model import read_limits, read_model, storage_of
from custom_components.flexmeasures.scheduling import (
    Battery,
    BreakableProcess,
    CurtailableProduction,
    ElectricVehicle,
    GenericDevice,
    HeatBuffer,
    PowerRange,
    SensorReference,
    ShiftableProcess,
)

from .device_settings import BATTERY, BUFFER, CAR, GENERIC, PROCESS, SOLAR, TANK, device, show


def test_a_battery_is_what_its_numbers_say(hass: HomeAssistant) -> None:
    model = read_model(hass, device(BATTERY, standby_loss=0.5, predicted_energy_sensor=32))

    assert model == Battery(
        power_sensor=30,
        capacity=10,
        minimum_state_of_charge=0.1,
        maximum_state_of_charge=0.9,
        charging_power=5000,
        discharging_power=4000,
        roundtrip_efficiency=0.81,
        retention=0.995,
        predicted_energy_sensor=32,
    )
    storage = storage_of(model)
    assert storage is not None
    assert storage.charging_efficiency == pytest.approx(0.9)
    assert read_limits(hass, device(BATTERY)) == PowerLimits(5000, 4000)


def test_a_car_is_a_battery_behind_its_charger(hass: HomeAssistant) -> None:
    model = read_model(hass, device(CAR, discharging_power=None))

    assert isinstance(model, ElectricVehicle)
    assert (model.battery.capacity, model.battery.discharging_power) == (60, 0)
    assert storage_of(model) == model.battery.storage


def test_a_heat_buffer_turns_electricity_into_heat(hass: HomeAssistant) -> None:
    settings = {**BUFFER, "coefficient_of_performance": 3, "heat_usage": 0.3, "standby_loss": 1}

    assert read_model(hass, device(settings)) == HeatBuffer(
        power_sensor=30,
        capacity=12,
        heating_power=2000,
        coefficient_of_performance=3,
        loss=0.01,
        usage=(0.3,),
    )
    assert read_limits(hass, device(settings)) == PowerLimits(2000, 0)


def test_what_is_left_empty_of_a_heat_buffer_is_that_of_a_heating_rod_without_use(
    hass: HomeAssistant,
) -> None:
    assert read_model(hass, device(BUFFER)) == HeatBuffer(
        power_sensor=30, capacity=12, heating_power=2000
    )


def test_the_capacity_of_a_tank_follows_from_its_water(hass: HomeAssistant) -> None:
    """50 K of 860 L are 50 kWh."""
    model = read_model(hass, device(TANK))

    assert isinstance(model, HeatBuffer)
    assert model.capacity == pytest.approx(50, rel=1e-4)


def test_panels_give_at_most_their_peak_and_take_nothing(hass: HomeAssistant) -> None:
    model = read_model(hass, device(SOLAR))

    assert model == CurtailableProduction(power_sensor=30, forecast_sensor=31)
    assert storage_of(model) is None
    assert read_limits(hass, device(SOLAR)) == PowerLimits(0, 4200)


def test_a_process_takes_its_profile_or_when_it_may_pause_its_highest_power(
    hass: HomeAssistant,
) -> None:
    assert read_model(hass, device(PROCESS)) == ShiftableProcess(
        power_sensor=30, powers=(2000, 100, 1500), part=timedelta(minutes=15)
    )
    assert read_model(hass, device(PROCESS, interruptible=True)) == BreakableProcess(
        power_sensor=30, power=2000
    )
    assert read_limits(hass, device(PROCESS)) == PowerLimits(2000, 0)


def test_a_generic_device_has_the_flex_model_that_was_written(hass: HomeAssistant) -> None:
    assert read_model(hass, device(GENERIC)) == GenericDevice(
        power_sensor=30, fields={"soc-max": "10 kWh"}
    )
    assert read_limits(hass, device(GENERIC)) == PowerLimits(3000, 2000)


@pytest.mark.parametrize(
    ("field", "state", "unit", "attribute", "value"),
    [
        ("capacity", "9600", "Wh", "capacity", 9.6),
        ("capacity", "36", "MJ", "capacity", 10),
        ("minimum_state_of_charge", "20", "%", "minimum_state_of_charge", 0.2),
        ("maximum_state_of_charge", "80", "%", "maximum_state_of_charge", 0.8),
        ("charging_power", "3300", "W", "charging_power", 3300),
        ("discharging_power", "0.002", "MW", "discharging_power", 2000),
        ("roundtrip_efficiency", "64", "%", "roundtrip_efficiency", 0.64),
        ("usage", "50", "W", "usage", (0.05,)),
        ("gain", "0.2", "kW", "gain", (0.2,)),
        ("standby_loss", "10", "%", "retention", 0.9),
    ],
)
def test_a_value_may_live_in_an_entity_with_another_unit(
    hass: HomeAssistant, field: str, state: str, unit: str, attribute: str, value: float
) -> None:
    show(hass, "sensor.value", state, unit)

    model = read_model(hass, device(BATTERY, **{field: "sensor.value"}))

    assert getattr(model, attribute) == pytest.approx(value)


def test_heat_per_electricity_needs_no_unit_and_use_is_in_kilowatts(hass: HomeAssistant) -> None:
    show(hass, "sensor.cop", "3.5")
    show(hass, "sensor.usage", "400", "W")
    settings = {
        **BUFFER,
        "coefficient_of_performance": "sensor.cop",
        "heat_usage": "sensor.usage",
    }

    model = read_model(hass, device(settings))

    assert isinstance(model, HeatBuffer)
    assert (model.coefficient_of_performance, model.usage) == (3.5, (0.4,))


def test_a_value_is_still_found_when_its_entity_got_another_name(hass: HomeAssistant) -> None:
    registry = er.async_get(hass)
    registered = registry.async_get_or_create("sensor", "inverter", "capacity")
    registry.async_update_entity(registered.entity_id, new_entity_id="sensor.renamed")
    show(hass, "sensor.renamed", "8", "kWh")

    model = read_model(hass, device(BATTERY, capacity=registered.id))

    assert isinstance(model, Battery)
    assert model.capacity == 8


@pytest.mark.parametrize(
    ("state", "unit", "key"),
    [
        ("unknown", "kWh", "device_value_unknown"),
        ("unavailable", "kWh", "device_value_unknown"),
        ("nan", "kWh", "device_value_unknown"),
        ("inf", "kWh", "device_value_unknown"),
        ("plenty", "kWh", "device_value_unknown"),
        (None, None, "device_value_unknown"),
        ("10", "kW", "device_value_unit"),
        ("10", None, "device_value_unit"),
    ],
)
def test_an_entity_that_tells_no_usable_value_is_named(
    hass: HomeAssistant, state: str | None, unit: str | None, key: str
) -> None:
    if state is not None:
        show(hass, "sensor.value", state, unit)

    with pytest.raises(HomeAssistantError) as caught:
        read_model(hass, device(BATTERY, capacity="sensor.value"))

    assert caught.value.translation_key == key
    assert caught.value.translation_placeholders is not None
    assert caught.value.translation_placeholders["entity"] == "sensor.value"


def test_a_value_that_is_missing_is_named(hass: HomeAssistant) -> None:
    with pytest.raises(HomeAssistantError) as caught:
        read_model(hass, device(BATTERY, capacity=None))

    assert caught.value.translation_key == "device_value_missing"
    assert caught.value.translation_placeholders == {"device": "Device", "field": "capacity"}


@pytest.mark.parametrize(
    ("settings", "changes", "reason"),
    [
        (BATTERY, {"minimum_state_of_charge": 95}, "minimum_state_of_charge: minimum not below maximum"),
        (BATTERY, {"capacity": 0}, "capacity: not positive"),
        (TANK, {"full_temperature": 5}, "empty: minimum not below maximum"),
        (SOLAR, {"forecast_sensor": 30}, "forecast_sensor: same sensor"),
        (PROCESS, {"profile": []}, "powers: empty"),
        (BATTERY, {"charging_efficiency": 95}, "roundtrip_efficiency: two efficiencies"),
        (BATTERY, {"usage": -1}, "usage: negative"),
        (BUFFER, {"gain": -1}, "gain: negative"),
        (CAR, {"operation_modes": [[1, 2]]}, "operation_modes: modes without rest"),
        (CAR, {"operation_modes": [[2, 1]]}, "minimum: minimum not below maximum"),
        (GENERIC, {"flex_model": {"sensor": 1}}, "sensor: reserved field"),
    ],
)  # fmt: skip
def test_values_that_make_no_sense_together_are_told_with_the_reason(
    hass: HomeAssistant, settings: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(HomeAssistantError) as caught:
        read_model(hass, device(settings, **changes))

    assert caught.value.translation_key == "device_values"
    assert caught.value.translation_placeholders == {"device": "Device", "reason": reason}


def test_a_negative_power_of_an_entity_is_no_limit(hass: HomeAssistant) -> None:
    show(hass, "sensor.value", "-5", "kW")

    with pytest.raises(HomeAssistantError) as caught:
        read_limits(hass, device(BATTERY, charging_power="sensor.value"))

    assert caught.value.translation_key == "device_values"


def test_both_ways_of_a_battery_may_have_an_efficiency_of_their_own(hass: HomeAssistant) -> None:
    """One of them from an entity; a round trip is then not told."""
    settings = {**BATTERY, "roundtrip_efficiency": None, "discharging_efficiency": 90}
    show(hass, "sensor.charging", "95", "%")

    model = read_model(hass, device(settings, charging_efficiency="sensor.charging"))

    storage = storage_of(model)
    assert storage is not None
    assert (storage.charging_efficiency, storage.discharging_efficiency) == (0.95, 0.9)
    one_way = storage_of(read_model(hass, device(settings)))
    assert one_way is not None
    assert (one_way.charging_efficiency, one_way.discharging_efficiency) == (1, 0.9)


@pytest.mark.parametrize("told", ["0", "-5", "101"])
@pytest.mark.parametrize(
    "field", ["roundtrip_efficiency", "charging_efficiency", "discharging_efficiency"]
)
def test_an_entity_that_tells_no_possible_efficiency_makes_no_device(
    hass: HomeAssistant, field: str, told: str
) -> None:
    """More than 0 and at most 100 %."""
    show(hass, "sensor.efficiency", told, "%")
    settings = {**BATTERY, "roundtrip_efficiency": None, field: "sensor.efficiency"}

    with pytest.raises(HomeAssistantError) as caught:
        read_model(hass, device(settings))

    assert caught.value.translation_placeholders == {
        "device": "Device",
        "reason": f"{field}: not a share",
    }


@pytest.mark.parametrize(
    ("settings", "usage"), [(BATTERY, "usage"), (BUFFER, "heat_usage"), (TANK, "heat_usage")]
)
def test_what_flows_out_of_a_storage_and_into_it_may_be_foreseen_by_sensors(
    hass: HomeAssistant, settings: dict[str, Any], usage: str
) -> None:
    """Beside a number, or what an entity tells, in kW."""
    show(hass, "sensor.gain", "300", "W")
    flows = {usage: 0.5, "usage_sensor": 41, "gain": "sensor.gain", "gain_sensor": 42}

    model = read_model(hass, device(settings, **flows))

    assert isinstance(model, Battery | HeatBuffer)
    assert model.usage == (0.5, SensorReference(41))
    assert model.gain == (0.3, SensorReference(42))
    assert model.storage.sensed_flows == {41: -1, 42: 1}


@pytest.mark.parametrize("settings", [BATTERY, CAR, BUFFER, TANK])
def test_some_devices_run_only_at_some_powers_and_rather_later(
    hass: HomeAssistant, settings: dict[str, Any]
) -> None:
    """Pairs of kW."""
    choices = {"operation_modes": [[0, 0], [1.4, 2]], "prefer_charging_sooner": False}

    chosen = storage_of(read_model(hass, device(settings, **choices)))
    usual = storage_of(read_model(hass, device(settings)))

    assert chosen is not None
    assert usual is not None
    assert chosen.operation_modes == (PowerRange(0, 0), PowerRange(1400, 2000))
    assert (chosen.prefers_charging_sooner, usual.prefers_charging_sooner) == (False, True)
    assert usual.operation_modes == ()
