"""Plans as plain values, to show and follow them at once after a restart."""

from typing import cast

from .client import JsonObject
from .plan_models import Baseline, DevicePlan, PlanCause
from .records import as_text, kept_length, kept_number, kept_numbers, kept_text, kept_time
from .scheduling import PriceSeries, Schedule, Tariff, schedule_from_json, schedule_to_json


def plan_to_record(plan: DevicePlan) -> JsonObject:
    """Return what is kept of a plan: what it does and costs, not what it was made from."""
    return {
        "schedule": cast("JsonObject", schedule_to_json(plan.schedule)),
        "expires": as_text(plan.expires),
        "cause": plan.cause.value,
        "capacity": plan.storage.capacity if plan.storage else plan.capacity,
        "available": list(plan.available),
        "energies": list(plan.energies),
        "actuators": {
            name: cast("JsonObject", schedule_to_json(schedule))
            for name, schedule in plan.actuators.items()
        },
        "baseline": plan.baseline.value,
        "price_at_once": plan.price_at_once,
        "consumption_price": _series_to_record(plan.tariff.consumption if plan.tariff else None),
        "production_price": _series_to_record(plan.tariff.production if plan.tariff else None),
    }


def plan_from_record(record: JsonObject) -> DevicePlan:
    """Return the plan that was kept.

    Strict, since a device follows it.

    Raises:
        ValueError: it is no whole plan, or it has no moment from which on it is too old.
    """
    schedule = schedule_from_json(record.get("schedule"))
    expires = kept_time(record, "expires")
    energies = kept_numbers(record, "energies")
    if expires is None:
        raise ValueError("expires is missing")
    if energies and len(energies) != len(schedule.powers) + 1:
        raise ValueError("energies do not fit the schedule")
    return DevicePlan(
        schedule=schedule,
        expires=expires,
        cause=PlanCause(str(record.get("cause"))),
        capacity=kept_number(record, "capacity"),
        available=kept_numbers(record, "available"),
        energies=energies,
        tariff=_tariff(record),
        actuators=_actuators(record),
        baseline=Baseline(str(record.get("baseline", Baseline.UNKNOWN))),
        price_at_once=kept_number(record, "price_at_once"),
    )


def _actuators(record: JsonObject) -> dict[str, Schedule]:
    match record.get("actuators", {}):
        case dict() as kept:
            return {name: schedule_from_json(schedule) for name, schedule in kept.items()}
    raise ValueError("actuators are no schedules")


def _tariff(record: JsonObject) -> Tariff | None:
    consumption = _series_from_record(record, "consumption_price")
    if consumption is None:
        return None
    return Tariff(consumption, _series_from_record(record, "production_price"))


def _series_to_record(series: PriceSeries | None) -> JsonObject | None:
    if series is None:
        return None
    return {
        "start": as_text(series.start),
        "resolution": series.resolution.total_seconds(),
        "prices": list(series.prices),
        "currency": series.currency,
    }


def _series_from_record(record: JsonObject, name: str) -> PriceSeries | None:
    kept = record.get(name)
    if kept is None:
        return None
    start = kept_time(kept, "start") if isinstance(kept, dict) else None
    if not isinstance(kept, dict) or start is None:
        raise ValueError(f"{name} is no price")
    return PriceSeries(
        start=start,
        resolution=kept_length(kept, "resolution"),
        prices=kept_numbers(kept, "prices"),
        currency=kept_text(kept, "currency"),
    )
