"""What a flexible device can do and how it is now: from numbers, and from entities with units of their own."""

from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.flexmeasures.control import PowerLimits
from custom_components.flexmeasures.device_reading import (
    StoredEnergy,
    is_plugged_in,
    read_limits,
    read_model,
    read_storage_state,
    read_stored_energy,
    storage_of,
    storage_state_of,
)
from custom_components.flexmeasures.flexible_device import FlexibleDevice
from custom_components.flexmeasures.scheduling import (
    Battery,
    BreakableProcess,
    CurtailableProduction,
    Departure,
    ElectricVehicle,
    EnergyTarget,
    GenericDevice,
    HeatBuffer,
    ShiftableProcess,
    StorageState,
    VehicleState,
)
from custom_components.flexmeasures.wishes import Wishes

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOTHING_WISHED = Wishes()

BATTERY: dict[str, Any] = {
    "kind": "battery",
    "power_sensor": 30,
    "state_of_charge_entity": "sensor.level",
    "capacity": 10,
    "minimum_state_of_charge": 10,
    "maximum_state_of_charge": 90,
    "charging_power": 5,
    "discharging_power": 4,
    "roundtrip_efficiency": 81,
}
CAR = {**BATTERY, "kind": "ev_charger", "capacity": 60, "plugged_in_entity": "binary_sensor.plug"}
BUFFER: dict[str, Any] = {
    "kind": "heat_buffer",
    "power_sensor": 30,
    "state_of_charge_entity": "sensor.level",
    "capacity": 12,
    "charging_power": 2,
}
# 860 L x 1 K is 1 kWh of heat: 860 / 860.01.
TANK: dict[str, Any] = {
    "kind": "heat_buffer",
    "power_sensor": 30,
    "state_of_charge_entity": "sensor.level",
    "tank_volume": 860,
    "empty_temperature": 10,
    "full_temperature": 60,
    "charging_power": 2,
}
SOLAR = {"kind": "solar", "power_sensor": 30, "forecast_sensor": 31, "peak_power": 4.2}
PROCESS: dict[str, Any] = {
    "kind": "process",
    "power_sensor": 30,
    "profile": [2, 0.1, 1.5],
    "profile_part": 15,
}
GENERIC: dict[str, Any] = {
    "kind": "generic",
    "power_sensor": 30,
    "flex_model": {"soc-max": "10 kWh"},
    "charging_power": 3,
    "discharging_power": 2,
}


def device(settings: dict[str, Any], **changes: Any) -> FlexibleDevice:
    """Return a device as it is stored."""
    data = {key: value for key, value in {**settings, **changes}.items() if value is not None}
    return FlexibleDevice.from_subentry(
        ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type="flexible_device",
            title="Device",
            unique_id=None,
        )
    )


def show(hass: HomeAssistant, entity_id: str, state: str, unit: str | None = None) -> None:
    """Let an entity tell something."""
    hass.states.async_set(entity_id, state, {"unit_of_measurement": unit} if unit else {})


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


@pytest.mark.parametrize(
    ("settings", "state", "unit", "energy"),
    [
        (BATTERY, "45", "%", 4.5),
        (BATTERY, "0", "%", 0),
        (BATTERY, "4500", "Wh", 4.5),
        (BATTERY, "100.05", "%", 10),
        (BUFFER, "3", "kWh", 3),
        (TANK, "35", "°C", 25),
        (TANK, "95", "°F", 25),
        (TANK, "5", "°C", 0),
        (TANK, "50", "%", 25),
        (TANK, "25", "kWh", 25),
        ({**GENERIC, "state_of_charge_entity": "sensor.level"}, "120", "kWh", 120),
        ({**GENERIC, "state_of_charge_entity": "sensor.level", "capacity": 8}, "50", "%", 4),
    ],
)
def test_a_state_of_charge_becomes_energy(
    hass: HomeAssistant, settings: dict[str, Any], state: str, unit: str, energy: float
) -> None:
    """A little more than full is full; water below the empty temperature stores nothing of use."""
    show(hass, "sensor.level", state, unit)

    stored = read_stored_energy(hass, device(settings), NOON)

    assert stored is not None
    assert stored.energy == pytest.approx(energy, rel=1e-4)


def test_the_age_of_a_state_of_charge_counts_from_its_last_report(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Also one that says the same again is news; one from the future is from now."""
    freezer.move_to(NOON)
    show(hass, "sensor.level", "45", "%")
    freezer.move_to(NOON + timedelta(minutes=10))
    show(hass, "sensor.level", "45", "%")

    for minutes, age in ((25, 15), (5, 0)):
        stored = read_stored_energy(hass, device(BATTERY), NOON + timedelta(minutes=minutes))
        assert stored is not None
        assert stored.age == timedelta(minutes=age)


def test_what_tells_no_state_of_charge_has_none(hass: HomeAssistant) -> None:
    assert read_stored_energy(hass, device(SOLAR), NOON) is None
    assert read_stored_energy(hass, device(GENERIC), NOON) is None


@pytest.mark.parametrize(
    ("settings", "state", "unit", "key"),
    [
        (BATTERY, None, None, "state_of_charge_missing"),
        (BATTERY, "unknown", "%", "state_of_charge_unknown"),
        (BATTERY, "unavailable", "%", "state_of_charge_unknown"),
        (BATTERY, "nan", "%", "state_of_charge_unknown"),
        (BATTERY, "45", "°C", "state_of_charge_unit"),
        (BATTERY, "45", None, "state_of_charge_unit"),
        (BATTERY, "-1", "%", "state_of_charge_outside"),
        (BATTERY, "101", "%", "state_of_charge_outside"),
        (TANK, "70", "°C", "state_of_charge_outside"),
        (TANK, "5", "V", "state_of_charge_unit"),
        ({**TANK, "full_temperature": 5}, "35", "°C", "device_values"),
        ({**BATTERY, "capacity": "sensor.no"}, "45", "%", "device_value_unknown"),
    ],
)
def test_a_state_of_charge_that_cannot_be_believed_is_refused(
    hass: HomeAssistant,
    settings: dict[str, Any],
    state: str | None,
    unit: str | None,
    key: str,
) -> None:
    if state is not None:
        show(hass, "sensor.level", state, unit)

    with pytest.raises(HomeAssistantError) as caught:
        read_stored_energy(hass, device(settings), NOON)

    assert caught.value.translation_key == key


@pytest.mark.parametrize(("state", "plugged_in"), [("on", True), ("off", False)])
def test_an_entity_tells_whether_the_car_is_plugged_in(
    hass: HomeAssistant, state: str, plugged_in: bool
) -> None:
    show(hass, "binary_sensor.plug", state)

    assert is_plugged_in(hass, device(CAR)) is plugged_in


@pytest.mark.parametrize("state", [None, "unknown", "unavailable"])
def test_a_car_is_not_taken_for_plugged_in_when_nothing_is_known(
    hass: HomeAssistant, state: str | None
) -> None:
    if state is not None:
        show(hass, "binary_sensor.plug", state)

    with pytest.raises(HomeAssistantError) as caught:
        is_plugged_in(hass, device(CAR))

    assert caught.value.translation_key == "plugged_in_unknown"
    assert caught.value.translation_placeholders == {
        "entity": "binary_sensor.plug",
        "state": state or "",
    }


def test_a_car_without_such_an_entity_can_always_be_charged(hass: HomeAssistant) -> None:
    assert is_plugged_in(hass, device(CAR, plugged_in_entity=None))


def state_of(
    hass: HomeAssistant,
    settings: dict[str, Any],
    wishes: Wishes,
    departures: tuple[Departure, ...] = (),
) -> StorageState | VehicleState:
    """Return how a device with 4 kWh in it is at noon, and what is wanted of it."""
    flexible = device(settings)
    storage = storage_of(read_model(hass, flexible))
    assert storage is not None
    return read_storage_state(
        hass,
        flexible,
        storage,
        StoredEnergy(4, timedelta(0)),
        wishes,
        now=NOON,
        zone=AMSTERDAM,
        departures=departures,
    )


def test_without_wishes_a_storage_has_no_limits_but_its_own(hass: HomeAssistant) -> None:
    assert state_of(hass, BATTERY, NOTHING_WISHED) == StorageState(stored_energy=4)


def test_wishes_of_a_storage_become_energy_at_a_time(hass: HomeAssistant) -> None:
    """07:00 in Amsterdam in winter is 06:00 UTC, on the next day at noon; 80 % of 10 kWh are 8."""
    wishes = Wishes(target=80, ready_by=time(7), keep_at_least=20, keep_at_most=90)

    state = state_of(hass, BATTERY, wishes)

    assert isinstance(state, StorageState)
    assert state.targets == (EnergyTarget(datetime(2026, 11, 23, 6, tzinfo=UTC), 8),)
    (minimum,), (maximum,) = state.minima, state.maxima
    assert (minimum.energy, maximum.energy) == (2, 9)
    assert minimum.start < NOON < minimum.end
    assert storage_state_of(read_model(hass, device(BATTERY)), state) is state


@pytest.mark.parametrize(
    "wishes", [Wishes(target=80), Wishes(ready_by=time(7)), Wishes(keep_at_most=100)]
)
def test_half_a_wish_is_none(hass: HomeAssistant, wishes: Wishes) -> None:
    assert state_of(hass, BATTERY, wishes) == StorageState(stored_energy=4)


def test_wishes_of_a_car_are_departures_beside_those_of_its_calendar(hass: HomeAssistant) -> None:
    show(hass, "binary_sensor.plug", "off")
    trip = Departure(time=NOON + timedelta(hours=3), state_of_charge=0.5)
    wishes = Wishes(target=80, ready_by=time(7), keep_at_least=20, keep_at_most=90)

    state = state_of(hass, CAR, wishes, (trip,))

    morning = Departure(time=datetime(2026, 11, 23, 6, tzinfo=UTC), state_of_charge=0.8)
    assert state == VehicleState(
        stored_energy=4,
        is_plugged_in=False,
        departures=(morning, trip),
        keep_at_least=0.2,
        keep_at_most=0.9,
    )
    assert isinstance(storage_state_of(read_model(hass, device(CAR)), state), StorageState)


@pytest.mark.parametrize("settings", [BATTERY, {**CAR, "plugged_in_entity": None}])
def test_wishes_that_contradict_each_other_are_told(
    hass: HomeAssistant, settings: dict[str, Any]
) -> None:
    """Whatever stores energy: there is nothing between 60 % and 40 %."""
    with pytest.raises(HomeAssistantError) as caught:
        state_of(hass, settings, Wishes(keep_at_least=60, keep_at_most=40))

    assert caught.value.translation_key == "wishes_contradict"
    assert caught.value.translation_placeholders == {
        "device": "Device",
        "minimum": "60%",
        "maximum": "40%",
    }


def test_the_state_of_a_car_is_not_that_of_a_battery(hass: HomeAssistant) -> None:
    with pytest.raises(TypeError):
        storage_state_of(
            read_model(hass, device(BATTERY)), VehicleState(stored_energy=4, is_plugged_in=True)
        )


def test_guard_rails_of_nothing_are_meant_so(hass: HomeAssistant) -> None:
    """Only what is absent is as usual."""
    rails = device(BATTERY, minimum_dwell=0, settle_time=0, minimum_on=10).guard_rails

    assert rails.minimum_dwell == rails.settle_time == timedelta(0)
    assert rails.minimum_on == timedelta(minutes=10)
    assert device(BATTERY).guard_rails.minimum_dwell == timedelta(seconds=30)


def test_everything_that_tells_a_device_s_state_or_values_is_an_input() -> None:
    flexible = device(CAR, capacity="sensor.capacity", calendar_entity="calendar.trips")

    assert flexible.inputs == {
        "sensor.level",
        "binary_sensor.plug",
        "calendar.trips",
        "sensor.capacity",
    }
    assert flexible.setpoint_sign == 1
    assert device(CAR, setpoint_sign="production_positive").setpoint_sign == -1
