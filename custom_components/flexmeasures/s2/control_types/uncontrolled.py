"""Devices that cannot be controlled: what they foresee counts as given."""

from collections.abc import Callable, Mapping
from datetime import datetime

from ..messages.components import Identifier, Instruction, Message
from ..messages.session import PowerForecast
from .contribution import Contribution, Sensors
from .forecasts import add_power_forecast, given_power
from .plan import Plan
from .spans import Span
from .timeline import Grid, Timeline


class NoControl:
    """What is known of one device that only tells what it does."""

    def __init__(self) -> None:
        """Begin with a device of which nothing is known."""
        self._forecast: Timeline[float] = Timeline()

    def receive(self, message: Message, now: datetime) -> tuple[Identifier, ...]:
        """Take in a message of the RM; nothing is ever revoked."""
        if isinstance(message, PowerForecast):
            self._forecast.forget_before(now)
            add_power_forecast(self._forecast, message)
        return ()

    def sent(self, instruction: Instruction, now: datetime) -> None:
        """Do nothing: there are no instructions."""

    def refused(self, instruction_id: Identifier, now: datetime, *, temporary: bool) -> None:
        """Do nothing: there are no instructions."""

    def deactivate(self) -> tuple[Identifier, ...]:
        """Return no ids: there are no instructions."""
        return ()

    def powers(self, now: datetime) -> Mapping[str, Span]:
        """Return nothing: it cannot be led anywhere."""
        return {}

    def contribution(self, sensors: Sensors, grid: Grid, now: datetime) -> Contribution:
        """Return the forecast as what the site consumes and produces anyhow; nothing without one."""
        return given_power(self._forecast, sensors, grid)

    def instructions(
        self, now: datetime, plan: Plan, new_id: Callable[[], Identifier]
    ) -> tuple[Instruction, ...]:
        """Return nothing, ever."""
        return ()

    def next_decision(self, now: datetime, plan: Plan) -> datetime | None:
        """Return None: there is nothing to decide."""
        return None
