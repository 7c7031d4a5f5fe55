"""Sentences about plans: one for each finding, with its numbers and the time on the wall."""

from datetime import timedelta
from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.plan_findings import (
    miss_of,
    told_breach,
    told_finding,
    told_miss,
)
from custom_components.flexmeasures.plan_models import DevicePlan
from custom_components.flexmeasures.scheduling import (
    Breach,
    FindingCode,
    Missed,
    MissedLimit,
    Schedule,
)

from .findings import SEVEN, every_finding
from .test_init import set_up

SCHEDULE = Schedule(
    start=SEVEN,
    resolution=timedelta(hours=1),
    powers=(0.0,),
    computed_at=SEVEN,
    schedule_id="job",
)


@pytest.fixture(autouse=True)
async def in_amsterdam(hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry) -> None:
    """Load the integration with its sentences, and show times as in Amsterdam."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    await set_up(hass, entry)


@pytest.mark.parametrize("code", FindingCode)
async def test_every_finding_has_a_sentence_without_gaps(code: FindingCode) -> None:
    sentence = str(told_finding(every_finding()[code]))

    assert "{" not in sentence
    assert " " in sentence


async def test_a_target_that_cannot_be_reached_is_told_with_the_whole_sum() -> None:
    assert str(told_finding(every_finding()[FindingCode.TARGET_UNREACHABLE])) == (
        "21.1 kWh are needed by 2026-11-25 07:00, and 3.0 h at 3.7 kW give 11.1 kWh; "
        "20.0 % will be missing"
    )


async def test_what_is_missing_and_what_is_too_much_are_told_apart() -> None:
    too_little = Missed(MissedLimit.TARGET, SEVEN, 40.0, 38.0, 2.0, 0.04)
    too_much = Missed(MissedLimit.MAXIMUM, SEVEN, 40.0, 41.0, 1.0, 0.02)

    assert str(told_miss(too_little)) == "At 2026-11-25 07:00 4.0 % (2.0 kWh) will be missing"
    assert str(told_miss(too_much)) == (
        "At 2026-11-25 07:00 there will be 2.0 % (1.0 kWh) more than wanted"
    )


async def test_the_gravest_miss_is_told_before_findings_and_breaches() -> None:
    small = Missed(MissedLimit.MINIMUM, SEVEN, 40.0, 39.0, 1.0, 0.02)
    large = Missed(MissedLimit.TARGET, SEVEN, 40.0, 36.0, 4.0, 0.08)
    beyond = every_finding()[FindingCode.TARGET_BEYOND_BAND]
    breach = Breach("any consumption breach", 12.0)

    told = [
        miss_of(DevicePlan(schedule=SCHEDULE, missed=missed, findings=findings, breaches=breaches))
        for missed, findings, breaches in (
            ((small, large), (beyond,), (breach,)),
            ((), (beyond,), (breach,)),
            ((), (), (breach,)),
            ((), (every_finding()[FindingCode.PRICES_END_EARLY],), ()),
        )
    ]

    assert [str(each) if each else None for each in told] == [
        str(told_miss(large)),
        str(told_finding(beyond)),
        str(told_breach(breach)),
        None,
    ]
