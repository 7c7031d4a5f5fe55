"""Where a flexible device is in its plan."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .alarm import Alarm
from .data import FlexMeasuresConfigEntry
from .listeners import Listeners
from .plan_models import NO_SAVINGS, DevicePlan, PlanState, PlanStatus, Savings
from .planner import Planner
from .scheduling import Block
from .sensor_presentation import MOST_ROWS
from .sentences import Sentence

type Row = dict[str, str | float]


class PlanProgress:
    """Follows one device's plan, and tells all that show it once for each step, plan and status.

    When it fails, people see a step that is over as the one that holds now.

    Attributes:
        listeners: called when the plan, its status, what it saves, or the step that holds is another.
        plan: the one in force; None when there is none, or it is over.
        state: how it stands with the plan.
        savings: what following plans cost and saved.
        power: W planned now, consumption positive; None where nothing is.
        block: what the device does now; None outside a plan.
        next_block: what it does after that; None when the plan ends with this block.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        planner: Planner,
        device_id: str,
        sentence: Sentence,
    ) -> None:
        """Prepare following the device's plan, and telling its problems with the sentence."""
        self._entry = entry
        self._planner = planner
        self._device_id = device_id
        self._sentence = sentence
        self._alarm = Alarm(hass, self._async_look)
        self._blocks: tuple[Block, ...] = ()
        self._power_rows: list[Row | None] = []
        self._state_of_charge_rows: list[Row | None] = []
        self._planned: DevicePlan | None = None
        self.listeners = Listeners()
        self.plan: DevicePlan | None = None
        self.state = PlanState(PlanStatus.WAITING, dt_util.utcnow())
        self.savings: Savings = NO_SAVINGS
        self.power: float | None = None
        self.block: Block | None = None
        self.next_block: Block | None = None

    @callback
    def async_start(self) -> None:
        """Follow the planner and the clock until the entry is unloaded."""
        for listeners in (self._planner.listeners, self._planner.savings_listeners):
            self._entry.async_on_unload(listeners.async_add(self._async_planner_changed))
        self._entry.async_on_unload(self._alarm.async_cancel)
        self._async_planner_changed()

    @property
    def power_rows(self) -> list[Row]:
        """Return the steps from now on, `{start, end, value}` in W and local time; the same rows until another plan."""
        return self._rows_from_now(self._power_rows)

    @property
    def state_of_charge_rows(self) -> list[Row]:
        """Return what is expected at the borders of steps to come, `{time, value}` in %."""
        return self._rows_from_now(self._state_of_charge_rows, 1)

    @property
    def reason(self) -> str | None:
        """Return why it stands with the plan as it does, in the home's language; None where the status says it all."""
        return self._sentence(self.state.problem) if self.state.problem else None

    @property
    def problem(self) -> str | None:
        """Return why there is no new plan, or not all that is wanted; None when all is well."""
        if not self.state.status.is_problem:
            return None
        return self.reason or self.state.status

    @property
    def currency(self) -> str | None:
        """Return the currency of all amounts; None before the first prices."""
        if self.plan and self.plan.tariff:
            return self.plan.tariff.currency
        return self.savings.currency

    def blocks(self) -> tuple[Block, ...]:
        """Return all blocks of the plan in force, also those that are over."""
        return self._blocks if self.plan else ()

    @callback
    def _async_planner_changed(self) -> None:
        planned = self._planner.plan(self._device_id)
        state = self._planner.status(self._device_id)
        savings = self._planner.savings(self._device_id)
        if (planned, state, savings) == (self._planned, self.state, self.savings):
            return
        self.state, self.savings = state, savings
        if planned is not self._planned:
            self._planned = planned
            self._async_take_plan()
        self._async_look()

    @callback
    def _async_take_plan(self) -> None:
        """Prepare what stays the same until another plan comes: it is asked for at every step, by several entities."""
        if self._planned is None:
            self._blocks, self._power_rows, self._state_of_charge_rows = (), [], []
            return
        schedule = self._planned.schedule
        self._blocks = schedule.blocks()
        times = [
            schedule.start + step * schedule.resolution for step in range(len(schedule.powers) + 1)
        ]
        borders = [dt_util.as_local(time).isoformat() for time in times]
        self._power_rows = [
            None
            if power is None
            else {"start": borders[step], "end": borders[step + 1], "value": round(power, 6)}
            for step, power in enumerate(schedule.powers)
        ]
        self._state_of_charge_rows = [
            None if expected is None else {"time": border, "value": round(expected, 2)}
            for border, expected in zip(
                borders, map(self._planned.expected_state_of_charge, times), strict=True
            )
        ]

    def _rows_from_now(self, rows: list[Row | None], skipped: int = 0) -> list[Row]:
        if self.plan is None:
            return []
        schedule = self.plan.schedule
        step = max(0, (dt_util.utcnow() - schedule.start) // schedule.resolution + skipped)
        return [row for row in rows[step : step + MOST_ROWS] if row is not None]

    @callback
    def _async_look(self) -> None:
        """Find what holds now, tell it, and come back when that ends."""
        now = dt_util.utcnow()
        plan = self._planned
        self.savings = self._planner.savings(self._device_id)
        self.plan = plan if plan and now < plan.for_control.valid_until else None
        self.power = self.plan.schedule.power_at(now) if self.plan else None
        to_come = [block for block in self.blocks() if block.end > now]
        self.block = to_come[0] if to_come and to_come[0].start <= now else None
        following = to_come[1:] if self.block else to_come
        self.next_block = following[0] if following else None
        self._alarm.async_cancel()
        if plan and (boundary := plan.for_control.next_boundary(now)):
            self._alarm.async_set_at(boundary)
        self.listeners.async_call()
