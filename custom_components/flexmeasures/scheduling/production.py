"""Production that can be curtailed, such as that of solar panels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import FlexModelConflict, FlexModelError
from .quantities import JSON, SensorReference, watts

# Solvers leave a little of what there is, and sensors store rounded values: less than this is no curtailment.
_ROUNDING = 0.01
_ROUNDING_FLOOR = 1.0  # W


def uncurtailed_steps(
    powers: Sequence[float | None], available: Sequence[float | None]
) -> frozenset[int]:
    """Return the steps in which a plan takes all that was forecast, so that nothing has to be limited.

    A limit at the forecast would throw away whatever the sun gives beyond it.

    Args:
        powers: planned W per step, consumption positive; None where nothing is planned.
        available: forecast W per step, positive; None where there was none, of which the plan takes 0.
    """
    return frozenset(
        step
        for step, (power, most) in enumerate(zip(powers, available, strict=False))
        if power is not None and -power >= (most or 0.0) * (1 - _ROUNDING) - _ROUNDING_FLOOR
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtailableProduction:
    """What can produce as much as a forecast says, or less.

    Attributes:
        power_sensor: id of the FlexMeasures sensor that its power is planned on.
        forecast_sensor: id of the sensor with what it could produce, positive. Times without a forecast count as 0 W.
        prefers_curtailing_later: of equally cheap times the last is taken to curtail.
    """

    power_sensor: int
    forecast_sensor: int
    prefers_curtailing_later: bool = True

    def __post_init__(self) -> None:
        """Refuse a forecast on the sensor that the plan is written to.

        Raises:
            FlexModelError: names the field and the reason.
        """
        if self.power_sensor == self.forecast_sensor:
            raise FlexModelError("forecast_sensor", FlexModelConflict.SAME_SENSOR)

    def flex_model(
        self, state: None, *, start: datetime, end: datetime, resolution: timedelta
    ) -> Mapping[str, JSON]:
        """Return the entry of a trigger's flex-model; it depends on the forecast alone, so the state is None."""
        model: dict[str, JSON] = {
            "sensor": self.power_sensor,
            "consumption-capacity": watts(0),
            "production-capacity": {
                **SensorReference(self.forecast_sensor).json(),
                "default": watts(0),
            },
        }
        if not self.prefers_curtailing_later:
            model["prefer-curtailing-later"] = False
        return model
