"""How a flexible device is now, read from entities with units of their own."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.flexmeasures.device_model import read_model, storage_of, storage_state_of
from custom_components.flexmeasures.device_reading import (
    StoredEnergy,
    is_plugged_in,
    read_storage_state,
    read_stored_energy,
)
from custom_components.flexmeasures.scheduling import (
    Departure,
    EnergyTarget,
    StorageState,
    VehicleState,
)
from custom_components.flexmeasures.wishes import Wishes

from .device_settings import BATTERY, BUFFER, CAR, GENERIC, SOLAR, TANK, device, show

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOTHING_WISHED = Wishes()


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
    values = {
        name: f"sensor.{name}"
        for name in ("capacity", "charging_efficiency", "discharging_efficiency", "usage", "gain")
    }
    flexible = device(CAR, calendar_entity="calendar.trips", **values)

    assert flexible.inputs == {
        "sensor.level",
        "binary_sensor.plug",
        "calendar.trips",
        *values.values(),
    }
    assert flexible.setpoint_sign == 1
    assert device(CAR, setpoint_sign="production_positive").setpoint_sign == -1
