"""A planner that tells what a test says, in place of what it would compute."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.plan_models import (
    NO_SAVINGS,
    DevicePlan,
    PlanState,
    PlanStatus,
    Savings,
)
from custom_components.flexmeasures.planner import Planner

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class ShownPlans:
    """What the planner is made to tell of every device."""

    plan: DevicePlan | None = None
    state: PlanState = field(default_factory=lambda: PlanState(PlanStatus.WAITING, NOON))
    savings: Savings = NO_SAVINGS

    async def show(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        plan: DevicePlan | None,
        status: PlanStatus = PlanStatus.PLANNED,
        reason: str | None = None,
    ) -> None:
        """Let there be another plan, or status."""
        self.plan, self.state = (
            plan,
            PlanState(status, NOON, HomeAssistantError(reason) if reason else None),
        )
        entry.runtime_data.planner.listeners.async_call()
        await hass.async_block_till_done(wait_background_tasks=True)


@contextmanager
def shown_plans() -> Iterator[ShownPlans]:
    """Let the test say what is planned."""
    plans = ShownPlans()
    with ExitStack() as stack:
        for name, told in (
            ("plan", lambda *_: plans.plan),
            ("status", lambda *_: plans.state),
            ("savings", lambda *_: plans.savings),
            ("async_request", lambda *_: None),
            ("async_start", lambda *_: None),
        ):
            stack.enter_context(patch.object(Planner, name, told))
        yield plans


@pytest.fixture(autouse=True)
async def seven_past_noon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin seven minutes into the plan, in a home in UTC."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(NOON + timedelta(minutes=7))


async def at(hass: HomeAssistant, freezer: FrozenDateTimeFactory, time: datetime) -> None:
    """Let it be this time, and everything that is due happen."""
    freezer.move_to(time)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
