"""What joins the one request for a site's plans besides flexible devices."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, override

from .client import JsonObject, JsonValue, ScheduleResult
from .plan_request import PlanWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestRequest:
    """What guests add to a trigger.

    Attributes:
        sensor_ids: FlexMeasures sensors whose schedules are wanted.
        flex_models: entries of the flex-model.
        flex_context: fields that hold lists; each list goes behind the one that is there.
    """

    sensor_ids: tuple[int, ...] = ()
    flex_models: tuple[JsonObject, ...] = ()
    flex_context: dict[str, list[JsonValue]]

    def joined_context(self, chosen: JsonObject | None, stored: JsonObject) -> JsonObject | None:
        """Return a flex-context with the guests' lists in it; a field that is sent replaces what the site stores."""
        if not self.flex_context:
            return chosen
        joined: JsonObject = dict(chosen or {})
        for field, values in self.flex_context.items():
            before = joined.get(field, stored.get(field))
            joined[field] = [*(before if isinstance(before, list) else []), *values]
        return joined


class PlanGuest(Protocol):
    """Devices that are planned in the same request, and say themselves what they need."""

    @property
    def is_expected(self) -> bool:
        """Whether there are any, be they away."""

    @property
    def resolution(self) -> timedelta | None:
        """Of their coarsest power sensor; None while none of them can be planned."""

    async def async_join(self, window: PlanWindow) -> GuestRequest:
        """Return what they add, once everything that it refers to is stored on the server.

        Raises:
            FlexMeasuresError: it could not be stored.
        """

    def async_take(self, result: ScheduleResult) -> None:
        """Take the schedules that were asked for."""


class NoGuests(PlanGuest):
    """Nothing is planned besides flexible devices."""

    @property
    @override
    def is_expected(self) -> bool:
        return False

    @property
    @override
    def resolution(self) -> timedelta | None:
        return None

    @override
    async def async_join(self, window: PlanWindow) -> GuestRequest:
        return GuestRequest(flex_context={})

    @override
    def async_take(self, result: ScheduleResult) -> None:
        pass
