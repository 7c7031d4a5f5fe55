"""What people see of a flexible device's plan, as sensors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, UnitOfPower
from homeassistant.util import dt as dt_util

from .client import SignConvention
from .data import FlexMeasuresData
from .entity import PlanEntity
from .flexible_device import DeviceKind, FlexibleDevice
from .plan_models import PlanStatus
from .plan_progress import PlanProgress

# Decimals: a cent of a cent is less than any meter tells.
_COST_DIGITS = 4


@dataclass(frozen=True, kw_only=True)
class PlanSensorDescription(SensorEntityDescription):
    """One thing to tell of a plan.

    Attributes:
        value_fn: reads the state; None for unknown.
        attributes_fn: reads the attributes.
        last_reset_fn: tells from the local time since when the state counts; None when it counts nothing.
        suits_fn: tells for which kinds of devices it makes sense.
        is_money: whether the unit is the currency of the prices.
    """

    value_fn: Callable[[PlanProgress], datetime | float | str | None]
    attributes_fn: Callable[[PlanProgress], dict[str, Any] | None] = lambda _: None
    last_reset_fn: Callable[[datetime], datetime] | None = None
    suits_fn: Callable[[DeviceKind], bool] = lambda _: True
    is_money: bool = False


def _scheduled_power(progress: PlanProgress) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sign_convention": SignConvention.CONSUMPTION_POSITIVE,
        "problem": progress.problem,
    }
    if progress.plan:
        schedule = progress.plan.schedule
        told["computed_at"] = dt_util.as_local(schedule.computed_at).isoformat()
        told["valid_until"] = dt_util.as_local(schedule.valid_until).isoformat()
        told["forecast"] = progress.power_rows
    return told


def _state_of_charge(progress: PlanProgress) -> float | None:
    plan = progress.plan
    expected = plan.expected_state_of_charge(dt_util.utcnow()) if plan else None
    return None if expected is None else round(expected, 1)


def _next_power(progress: PlanProgress) -> float | None:
    power = progress.next_block.power if progress.next_block else None
    return None if power is None else round(power, 1)


def _status(progress: PlanProgress) -> dict[str, Any]:
    since = dt_util.as_local(progress.state.since).isoformat()
    return {"reason": progress.reason, "since": since}


def _expected_cost(progress: PlanProgress) -> float | None:
    plan = progress.plan
    cost = plan.schedule.cost(plan.tariff) if plan and plan.tariff else None
    return _money(cost)


def _expected_until(progress: PlanProgress) -> dict[str, Any] | None:
    plan = progress.plan
    if plan is None or plan.tariff is None:
        return None
    schedule = plan.schedule
    return {
        "from": dt_util.as_local(schedule.start).isoformat(),
        "until": dt_util.as_local(schedule.valid_until).isoformat(),
    }


def _money(amount: float | None) -> float | None:
    return None if amount is None else round(amount, _COST_DIGITS)


def _start_of_month(local: datetime) -> datetime:
    return dt_util.start_of_local_day(local.replace(day=1))


def _counted(
    key: str,
    since: Callable[[datetime], datetime],
    suits_fn: Callable[[DeviceKind], bool] = lambda _: True,
) -> PlanSensorDescription:
    """Return the sensor of an amount of the device's savings, under the amount's own name."""

    def amount(progress: PlanProgress) -> float | None:
        savings = progress.savings
        return None if savings.currency is None else _money(getattr(savings, key))

    return PlanSensorDescription(
        key=key,
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value_fn=amount,
        last_reset_fn=since,
        suits_fn=suits_fn,
        is_money=True,
    )


EXPECTED_STATE_OF_CHARGE = PlanSensorDescription(
    key="expected_state_of_charge",
    native_unit_of_measurement=PERCENTAGE,
    state_class=SensorStateClass.MEASUREMENT,
    suggested_display_precision=0,
    value_fn=_state_of_charge,
    attributes_fn=lambda progress: {"forecast": progress.state_of_charge_rows},
    suits_fn=lambda kind: kind.stores_energy,
)


def _has_known_baseline(kind: DeviceKind) -> bool:
    """Tell whether a saving can be counted for every device of a kind; of an S2 device only its plans know."""
    return kind is not DeviceKind.S2


SAVING_SENSORS = (
    _counted("saving_today", dt_util.start_of_local_day, _has_known_baseline),
    _counted("saving_this_month", _start_of_month, _has_known_baseline),
)

PLAN_SENSORS = (
    PlanSensorDescription(
        key="scheduled_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda progress: progress.power,
        attributes_fn=_scheduled_power,
    ),
    EXPECTED_STATE_OF_CHARGE,
    PlanSensorDescription(
        key="next_change",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda progress: progress.next_block.start if progress.next_block else None,
    ),
    PlanSensorDescription(
        key="next_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=_next_power,
    ),
    PlanSensorDescription(
        key="plan_status",
        device_class=SensorDeviceClass.ENUM,
        options=list(PlanStatus),
        value_fn=lambda progress: progress.state.status,
        attributes_fn=_status,
    ),
    PlanSensorDescription(
        key="expected_cost",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
        value_fn=_expected_cost,
        attributes_fn=_expected_until,
        is_money=True,
    ),
    _counted("cost_today", dt_util.start_of_local_day),
    _counted("cost_this_month", _start_of_month),
    *SAVING_SENSORS,
)


class PlanSensor(PlanEntity, SensorEntity):
    """One thing that a device's plan tells; the recorder leaves out what changes with each plan."""

    entity_description: PlanSensorDescription
    _unrecorded_attributes = frozenset(
        {"computed_at", "forecast", "from", "problem", "until", "valid_until"}
    )

    def __init__(
        self, data: FlexMeasuresData, device: FlexibleDevice, description: PlanSensorDescription
    ) -> None:
        """Show what the description reads."""
        super().__init__(data, device, description.key)
        self.entity_description = description

    @override
    def _to_show(self) -> object:
        """Read everything once; the state is written from that."""
        description, progress = self.entity_description, self._progress
        self._attr_native_value = description.value_fn(progress)
        self._attr_extra_state_attributes = description.attributes_fn(progress) or {}
        if description.is_money:
            self._attr_native_unit_of_measurement = progress.currency or self.hass.config.currency
        if description.last_reset_fn:
            self._attr_last_reset = description.last_reset_fn(dt_util.now())
        return (
            self._attr_native_value,
            self._attr_extra_state_attributes,
            self.native_unit_of_measurement,
            self.last_reset,
        )
