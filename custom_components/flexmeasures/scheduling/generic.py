"""A device that none of the other kinds describes: its flex-model as a person wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import FlexModelConflict, FlexModelError, FlexModelProblem, check_not_negative
from .quantities import JSON, kilowatt_hours

# Who is planned, where it starts and where the answer goes is known from elsewhere, and an asset would be planned twice.
_RESERVED = ("sensor", "asset", "soc-at-start", "soc_at_start")


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericDevice:
    """A device with a flex-model in FlexMeasures' own fields.

    Attributes:
        power_sensor: id of the FlexMeasures sensor that its power is planned on.
        fields: the flex-model without sensor and state of charge at the start; the server judges the rest.
    """

    power_sensor: int
    fields: Mapping[str, JSON]

    def __post_init__(self) -> None:
        """Refuse what would plan another device, and lists without entries, which crash the server's job.

        Raises:
            FlexModelError: names the field and the reason.
        """
        for name, value in self.fields.items():
            if name in _RESERVED:
                raise FlexModelError(name, FlexModelConflict.RESERVED_FIELD)
            if value is None or value in ([], ""):
                raise FlexModelError(name, FlexModelProblem.EMPTY)

    def flex_model(
        self, state: float | None, *, start: datetime, end: datetime, resolution: timedelta
    ) -> Mapping[str, JSON]:
        """Return the entry of a trigger's flex-model.

        Args:
            state: kWh stored at the start; None for a device that stores nothing.
            start: begin of the planned time; the fields say themselves what depends on it.
            end: end of the planned time.
            resolution: length of the power sensor's steps.

        Raises:
            FlexModelError: the stored energy is not finite or negative.
        """
        model: dict[str, JSON] = {**self.fields, "sensor": self.power_sensor}
        if state is not None:
            check_not_negative(stored_energy=state)
            model["soc-at-start"] = kilowatt_hours(state)
        return model
