"""What the actions answer about a flexible device's plan."""

from datetime import datetime

from homeassistant.const import UnitOfPower
from homeassistant.util.json import JsonObjectType, JsonValueType

from .client import SignConvention
from .plan_findings import told_breach, told_finding, told_miss
from .plan_models import DevicePlan
from .scheduling import BindingConstraint, BlockExplanation, NextBest
from .sentences import Sentence
from .service_answers import local, rows
from .service_targets import DeviceTarget
from .units import convert

# Decimals: a thousandth of a kWh, a ten-thousandth of a EUR and a tenth of a % are less than any meter tells.
_ENERGY_DIGITS = 3
_COST_DIGITS = 4
_PERCENT_DIGITS = 1


def schedule_answer(target: DeviceTarget, unit: str) -> JsonObjectType:
    """Return the device's plan in force as rows, consumption positive, in a unit of power; no rows without a plan."""
    plan = target.plan
    answer = _heading(target, plan, unit)
    answer["rows"] = []
    answer["state_of_charge"] = []
    if plan:
        schedule = plan.schedule
        powers = [_power(power, unit) for power in schedule.powers]
        answer["rows"] = rows(schedule.start, schedule.resolution, powers)
        answer["state_of_charge"] = _states_of_charge(plan)
    return answer


def explanation_answer(target: DeviceTarget, unit: str, sentence: Sentence) -> JsonObjectType:
    """Return why the device's plan in force is as it is, what it costs, and what it will not do.

    Powers are in the unit, energies in kWh, prices per kWh, costs in the currency; None where something is not known.
    """
    plan = target.plan
    explanation = plan.explanation if plan else None
    answer = _heading(target, plan, unit)
    answer["currency"] = explanation.currency if explanation else None
    for name in ("cost", "cost_of_doing_nothing", "cost_of_charging_at_once", "saving"):
        answer[name] = _cost(getattr(explanation, name)) if explanation else None
    answer["blocks"] = [_block(plan, block, unit) for block in _blocks(plan)] if plan else []
    return answer | _shortcomings(plan, sentence)


def _heading(target: DeviceTarget, plan: DevicePlan | None, unit: str) -> JsonObjectType:
    """Return which plan it is and how it stands with it."""
    state = target.state
    return {
        "device": target.title,
        "status": state.status.value,
        "since": local(state.since),
        "reason": target.reason,
        "schedule": plan.schedule.schedule_id if plan else None,
        "cause": plan.cause.value if plan else None,
        "trusted": plan.trusted if plan else None,
        "computed_at": local(plan.schedule.computed_at) if plan else None,
        "valid_until": local(plan.for_control.valid_until) if plan else None,
        "unit": unit,
        "sign_convention": SignConvention.CONSUMPTION_POSITIVE.value,
    }


def _states_of_charge(plan: DevicePlan) -> list[JsonValueType]:
    """Return the % expected at each border of steps."""
    schedule = plan.schedule
    borders = [schedule.start + index * schedule.resolution for index in range(len(plan.energies))]
    return [{"time": local(border), "value": _percent_at(plan, border)} for border in borders]


def _percent_at(plan: DevicePlan, time: datetime) -> float | None:
    percent = plan.expected_state_of_charge(time)
    return None if percent is None else round(percent, _PERCENT_DIGITS)


def _blocks(plan: DevicePlan) -> tuple[BlockExplanation, ...]:
    """Return the plan's blocks, without reasons where no price is known."""
    if plan.explanation:
        return plan.explanation.blocks
    return tuple(
        BlockExplanation(block, None, None, 0, None, None, BindingConstraint.NONE, None)
        for block in plan.schedule.blocks()
    )


def _block(plan: DevicePlan, explained: BlockExplanation, unit: str) -> JsonObjectType:
    block = explained.block
    return {
        "start": local(block.start),
        "end": local(block.end),
        "kind": block.kind.value,
        "power": _power(block.power, unit),
        "energy": None if block.energy is None else round(block.energy, _ENERGY_DIGITS),
        "price": _cost(explained.price),
        "rank": explained.rank,
        "ranked": explained.ranked,
        "cost": _cost(explained.cost),
        "next_best": _next_best(explained.next_best),
        "binding": explained.binding.value,
        "state_of_charge_at_end": _percent_at(plan, block.end),
    }


def _next_best(found: NextBest | None) -> JsonObjectType | None:
    if found is None:
        return None
    return {
        "start": local(found.start),
        "price": _cost(found.price),
        "cost_difference": _cost(found.cost_difference),
    }


def _shortcomings(plan: DevicePlan | None, sentence: Sentence) -> JsonObjectType:
    """Return what was found and what will be missed, each with its sentence."""
    return {
        "findings": [
            {
                "code": finding.code.value,
                "severity": finding.severity.value,
                "numbers": dict(finding.numbers),
                "sentence": sentence(told_finding(finding)),
            }
            for finding in (plan.findings if plan else ())
        ],
        "missed": [
            {
                "limit": missed.limit.value,
                "time": local(missed.time),
                "wanted": missed.wanted,
                "expected": missed.expected,
                "difference": missed.difference,
                "share": missed.share,
                "sentence": sentence(told_miss(missed)),
            }
            for missed in (plan.missed if plan else ())
        ],
        "breaches": [
            {"name": breach.name, "cost": breach.cost, "sentence": sentence(told_breach(breach))}
            for breach in (plan.breaches if plan else ())
        ],
    }


def _power(power: float | None, unit: str) -> float | None:
    return None if power is None else convert(power, UnitOfPower.WATT, unit)


def _cost(amount: float | None) -> float | None:
    """Return an amount of money, or a price per kWh, without the noise of its computation."""
    return None if amount is None else round(amount, _COST_DIGITS)
