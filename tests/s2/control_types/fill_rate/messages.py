"""What devices that store say of their timers, and what they foresee."""

from datetime import datetime, timedelta

from custom_components.flexmeasures.s2.messages import frbc

from ..samples import NOON, span


def timer_status(finished_at: datetime, timer_id: str = "rest") -> frbc.TimerStatus:
    """Return when a timer ends."""
    return frbc.TimerStatus(
        message_id="t", timer_id=timer_id, actuator_id="battery", finished_at=finished_at
    )


def leakage(*elements: tuple[float, float, float]) -> frbc.LeakageBehaviour:
    """Return leakage: from level, to level, rate."""
    return frbc.LeakageBehaviour(
        message_id="leakage",
        valid_from=NOON,
        elements=tuple(
            frbc.LeakageBehaviourElement(fill_level_range=span(low, high), leakage_rate=rate)
            for low, high, rate in elements
        ),
    )


def usage(start: datetime, *parts: tuple[int, float]) -> frbc.UsageForecast:
    """Return a forecast: minutes and rate of each element."""
    return frbc.UsageForecast(
        message_id="usage",
        start_time=start,
        elements=tuple(
            frbc.UsageForecastElement(duration=timedelta(minutes=minutes), expected=rate)
            for minutes, rate in parts
        ),
    )


def targets(start: datetime, *parts: tuple[int, float, float]) -> frbc.FillLevelTargetProfile:
    """Return targets: minutes, lowest and highest level of each element."""
    return frbc.FillLevelTargetProfile(
        message_id="targets",
        start_time=start,
        elements=tuple(
            frbc.FillLevelTargetProfileElement(
                duration=timedelta(minutes=minutes), fill_level_range=span(low, high)
            )
            for minutes, low, high in parts
        ),
    )
