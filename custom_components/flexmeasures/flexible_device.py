"""A flexible device as configured: what kind it is, where its values live, and how it may be controlled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from homeassistant.config_entries import ConfigSubentry

from .const import (
    CONF_CALENDAR_ENTITY,
    CONF_CAPACITY,
    CONF_CHARGING_EFFICIENCY,
    CONF_CHARGING_POWER,
    CONF_COEFFICIENT_OF_PERFORMANCE,
    CONF_CONDITIONS,
    CONF_DEADBAND,
    CONF_DISCHARGING_EFFICIENCY,
    CONF_DISCHARGING_POWER,
    CONF_GAIN,
    CONF_HEAT_USAGE,
    CONF_KIND,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_MINIMUM_DWELL,
    CONF_MINIMUM_OFF,
    CONF_MINIMUM_ON,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_PLUGGED_IN_ENTITY,
    CONF_POWER_SENSOR,
    CONF_PREDICTED_ENERGY_SENSOR,
    CONF_READY_ENTITY,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_SAFE_ACTION,
    CONF_SETPOINT_ENTITY,
    CONF_SETPOINT_SIGN,
    CONF_SETTLE_TIME,
    CONF_SHADOW_MODE,
    CONF_STANDBY_LOSS,
    CONF_STATE_OF_CHARGE_AGE,
    CONF_STATE_OF_CHARGE_ENTITY,
    CONF_SUSPENSION,
    CONF_USAGE,
    CONF_WRITES_PER_DAY,
    SETPOINT_PRODUCTION_POSITIVE,
    SUBENTRY_S2_DEVICE,
)
from .control import GuardRails, Mode

# Where a value may be a number or live in an entity.
VALUE_FIELDS = (
    CONF_CAPACITY,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_CHARGING_POWER,
    CONF_DISCHARGING_POWER,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_CHARGING_EFFICIENCY,
    CONF_DISCHARGING_EFFICIENCY,
    CONF_STANDBY_LOSS,
    CONF_COEFFICIENT_OF_PERFORMANCE,
    CONF_HEAT_USAGE,
    CONF_USAGE,
    CONF_GAIN,
)
# Fields that name one entity.
ENTITY_FIELDS = (
    CONF_STATE_OF_CHARGE_ENTITY,
    CONF_PLUGGED_IN_ENTITY,
    CONF_CALENDAR_ENTITY,
    CONF_READY_ENTITY,
)
# An S2 device protects itself: it tells its timers and transitions, and what they hold back is not sent.
_S2_GUARD_RAILS = GuardRails(deadband=0.0, minimum_dwell=timedelta(0))


class DeviceKind(StrEnum):
    """What a flexible device is."""

    BATTERY = "battery"
    EV_CHARGER = "ev_charger"
    HEAT_BUFFER = "heat_buffer"
    SOLAR = "solar"
    PROCESS = "process"
    GENERIC = "generic"
    S2 = "s2"

    @property
    def stores_energy(self) -> bool:
        """Tell whether it has a state of charge by its nature; of an S2 device only the device itself knows."""
        return self in {self.BATTERY, self.EV_CHARGER, self.HEAT_BUFFER}


class SafeAction(StrEnum):
    """What a device gets when nothing may be carried out any more."""

    LEAVE = "leave"
    FIXED = "fixed"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleDevice:
    """One flexible device of the site.

    Attributes:
        predicted_energy_sensor: id of the one for the energy that the server predicts; None without.
        setpoint_entity: registry id or entity id of what takes its setpoint; None when setpoints are only shown.
        conditions: registry ids or entity ids of what must be on while it is controlled.
        shadow: whether everything is computed and shown, and nothing written.
        longest_age: how old its state of charge may be; None for any age.
        safe_action: what it gets when nothing may be carried out.
        settings: everything as stored; numbers in the units that const.py names.
    """

    subentry_id: str
    title: str
    kind: DeviceKind
    predicted_energy_sensor: int | None
    setpoint_entity: str | None
    conditions: tuple[str, ...]
    shadow: bool
    longest_age: timedelta | None
    safe_action: SafeAction
    guard_rails: GuardRails
    settings: Mapping[str, Any] = field(compare=False, repr=False)

    @classmethod
    def from_subentry(cls, subentry: ConfigSubentry) -> Self:
        """Return the device that the subentry describes.

        Raises:
            ValueError: the stored values make no sense.
        """
        data = subentry.data
        is_s2 = subentry.subentry_type == SUBENTRY_S2_DEVICE
        return cls(
            subentry_id=subentry.subentry_id,
            title=subentry.title,
            kind=DeviceKind.S2 if is_s2 else DeviceKind(data[CONF_KIND]),
            predicted_energy_sensor=data.get(CONF_PREDICTED_ENERGY_SENSOR),
            setpoint_entity=data.get(CONF_SETPOINT_ENTITY),
            conditions=tuple(data.get(CONF_CONDITIONS, ())),
            shadow=data.get(CONF_SHADOW_MODE, False),
            longest_age=_duration(data, CONF_STATE_OF_CHARGE_AGE, "minutes", None),
            safe_action=SafeAction(data.get(CONF_SAFE_ACTION, SafeAction.FIXED)),
            guard_rails=_S2_GUARD_RAILS if is_s2 else guard_rails(data),
            settings=data,
        )

    @property
    def power_sensor(self) -> int:
        """Return the id of the FlexMeasures sensor that its power is planned on; an S2 device's are found by their names."""
        sensor: int = self.settings[CONF_POWER_SENSOR]
        return sensor

    @property
    def is_told(self) -> bool:
        """Tell whether something takes its setpoint; otherwise it is only shown."""
        return self.setpoint_entity is not None or self.kind is DeviceKind.S2

    @property
    def setpoint_sign(self) -> int:
        """Return 1 when the setpoint entity takes consumption as positive, -1 when it takes production as positive."""
        sign = self.settings.get(CONF_SETPOINT_SIGN)
        return -1 if sign == SETPOINT_PRODUCTION_POSITIVE else 1

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Return the modes that it is made for: panels cannot charge, and few cars discharge."""
        charges = self.kind not in {DeviceKind.SOLAR, DeviceKind.PROCESS}
        discharges = self.kind is DeviceKind.SOLAR or self.settings.get(CONF_DISCHARGING_POWER, 0)
        return (
            Mode.SCHEDULE,
            *((Mode.CHARGE_NOW,) if charges else ()),
            *((Mode.DISCHARGE_NOW,) if discharges else ()),
            Mode.PAUSE,
            Mode.MANUAL,
        )

    @property
    def inputs(self) -> frozenset[str]:
        """Return registry ids or entity ids of everything that tells the device's state or its values."""
        named = {self.settings.get(name) for name in ENTITY_FIELDS}
        valued = {self.settings.get(name) for name in VALUE_FIELDS}
        return frozenset(entity for entity in named | valued if isinstance(entity, str))


def guard_rails(data: Mapping[str, Any]) -> GuardRails:
    """Return the guard rails that a subentry's data describe; what it does not tell is as usual.

    Raises:
        ValueError: the numbers make no sense.
    """
    usual = GuardRails()
    return GuardRails(
        deadband=data.get(CONF_DEADBAND, usual.deadband),
        minimum_dwell=_duration(data, CONF_MINIMUM_DWELL, "seconds", usual.minimum_dwell),
        minimum_on=_duration(data, CONF_MINIMUM_ON, "minutes", usual.minimum_on),
        minimum_off=_duration(data, CONF_MINIMUM_OFF, "minutes", usual.minimum_off),
        writes_per_day=int(data.get(CONF_WRITES_PER_DAY, usual.writes_per_day)),
        settle_time=_duration(data, CONF_SETTLE_TIME, "seconds", usual.settle_time),
        suspension=_duration(data, CONF_SUSPENSION, "minutes", usual.suspension),
    )


def _duration[T: timedelta | None](
    data: Mapping[str, Any], field: str, unit: str, usual: T
) -> timedelta | T:
    """Return a setting as a length of time; one of 0 is meant so, and only an absent one is as usual."""
    return timedelta(**{unit: data[field]}) if field in data else usual
