"""What the planner knows of one device's plan."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Self

from homeassistant.exceptions import HomeAssistantError

from .control import Plan
from .scheduling import (
    Breach,
    Finding,
    Missed,
    PlanExplanation,
    PlannedStorage,
    Schedule,
    Storage,
    StorageState,
    Tariff,
    explain,
    uncurtailed_steps,
)

_PERCENT = 100


class PlanCause(StrEnum):
    """Why a plan was asked for; of several causes the first in this order is the one that people want to know."""

    PERSON = "person"
    WISH = "wish"
    MODE = "mode"
    PLUG = "plug"
    PROCESS = "process"
    STATE_OF_CHARGE = "state_of_charge"
    INPUT = "input"
    PRICES = "prices"
    RETRY = "retry"
    START = "start"
    PERIOD = "period"

    @classmethod
    def first_of(cls, causes: Collection[Self]) -> Self:
        """Return the cause to tell; the period where there is none."""
        return next((cause for cause in cls if cause in causes), cls.PERIOD)


class PlanStatus(StrEnum):
    """How it stands with a device's plan."""

    WAITING = "waiting"  # for the first plan
    COMPUTING = "computing"
    PLANNED = "planned"
    TARGET_MISSED = "target_missed"  # planned, and not all that is wanted is possible
    NOTHING_TO_PLAN = (
        "nothing_to_plan"  # a process that nobody asked for, what cannot be controlled
    )
    DEVICE_AWAY = "device_away"  # a car that is not plugged in, an S2 device that is not connected
    STATE_UNKNOWN = "state_unknown"
    SETTINGS_WRONG = "settings_wrong"
    PRICES_MISSING = "prices_missing"
    SERVER_AWAY = "server_away"
    RATE_LIMITED = "rate_limited"
    FAILED = "failed"
    UNTRUSTED = "untrusted"  # an older server fell back on something that is not carried out

    @property
    def is_problem(self) -> bool:
        """Tell whether a person may want to look at it."""
        return self not in {
            self.WAITING,
            self.COMPUTING,
            self.PLANNED,
            self.NOTHING_TO_PLAN,
            self.DEVICE_AWAY,
        }


@dataclass(frozen=True, slots=True)
class PlanState:
    """How it stands with a device's plan, since when, and why.

    Attributes:
        since: when it became so; aware UTC.
        problem: why, with its sentence in every language; None where the status says it all.
    """

    status: PlanStatus
    since: datetime
    problem: HomeAssistantError | None = None


class Baseline(StrEnum):
    """What would have been without a plan: what carrying it out saves is counted against that."""

    IDLE = "idle"  # a battery would have done nothing
    MEAN_PRICE = "mean_price"  # it has to have its energy anyway
    FORECAST = "forecast"  # panels would have given all that they can
    AT_ONCE = "at_once"  # a programme would have run as soon as it could
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class DevicePlan:
    """One device's plan, with what it was made from.

    Attributes:
        trusted: no when an older server only fell back on something flat.
        expires: when it is too old to be followed, though its steps go on.
        cause: why it was asked for.
        tariff: the prices it was made with; None when they are not known here.
        storage: what the device can store; None for one that stores nothing, and after a restart.
        capacity: kWh of the storage, also known after a restart.
        state: how it was at the start, and what was wanted.
        available: W per step that were forecast for what can be curtailed, positive; empty for everything else.
        leeway: W per step that it may take or give more than planned, as far as the site's connection is known; empty else.
        energies: kWh expected at each border of steps, the first at the start; empty for one that stores nothing.
        findings: what was found before it was asked for.
        missed: what it will not do, though it was asked for.
        breaches: limits that it breaks.
        actuators: the schedule of each actuator of an S2 device, by its id; empty for everything else.
        baseline: what an S2 device would have done without it; that of everything else follows from what it is.
        price_at_once: of a kWh of a programme that would have run as soon as it could; None where that is not known.
    """

    schedule: Schedule
    trusted: bool = True
    expires: datetime | None = None
    cause: PlanCause = PlanCause.PERIOD
    tariff: Tariff | None = None
    storage: Storage | None = None
    capacity: float | None = None
    state: StorageState | None = None
    available: tuple[float | None, ...] = ()
    leeway: tuple[float, ...] = ()
    energies: tuple[float | None, ...] = ()
    findings: tuple[Finding, ...] = ()
    missed: tuple[Missed, ...] = ()
    breaches: tuple[Breach, ...] = ()
    actuators: Mapping[str, Schedule] = field(default_factory=dict)
    baseline: Baseline = Baseline.UNKNOWN
    price_at_once: float | None = None

    @property
    def for_control(self) -> Plan:
        """Return what control follows."""
        return Plan(
            schedule=self.schedule,
            trusted=self.trusted,
            expires=self.expires,
            unlimited=uncurtailed_steps(self.schedule.powers, self.available),
            leeway=self.leeway,
        )

    @cached_property
    def explanation(self) -> PlanExplanation | None:
        """Return why it is as it is and what it costs; None without prices."""
        if self.tariff is None:
            return None
        planned = None
        if self.storage is not None and self.state is not None:
            planned = PlannedStorage(self.storage, self.state)
        return explain(self.schedule, self.tariff, planned)

    def expected_energy(self, time: datetime) -> float | None:
        """Return the kWh expected at the time, between two borders in proportion; None where nothing is expected."""
        step, rest = divmod(time - self.schedule.start, self.schedule.resolution)
        if not 0 <= step < len(self.energies):
            return None
        before = self.energies[step]
        if not rest or before is None:
            return before
        after = self.energies[step + 1] if step + 1 < len(self.energies) else None
        return (
            None if after is None else before + (after - before) * (rest / self.schedule.resolution)
        )

    def expected_state_of_charge(self, time: datetime) -> float | None:
        """Return the same in % of the capacity."""
        energy = self.expected_energy(time)
        capacity = self.storage.capacity if self.storage else self.capacity
        return None if energy is None or capacity is None else energy / capacity * _PERCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """What carrying plans out cost and saved, in local time, by the powers that the device was told to follow.

    Only times count in which a plan was carried out and its prices were known. What a saving is counted against tells
    `Baseline`.

    Attributes:
        currency: of all amounts; None before the first prices.
        cost_today, cost_this_month: negative for what was earned.
        saving_today, saving_this_month: positive for what was saved; None while only times count of which it is not known
            what would have been without a plan.
        since: when counting began.
    """

    currency: str | None = None
    cost_today: float = 0.0
    cost_this_month: float = 0.0
    saving_today: float | None = 0.0
    saving_this_month: float | None = 0.0
    since: datetime | None = None


NO_SAVINGS = Savings()
