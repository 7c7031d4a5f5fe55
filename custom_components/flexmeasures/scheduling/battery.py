"""The flex-model of a battery, in FlexMeasures' terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
import math

from .grid import ceil_to_resolution

type FlexModelValue = str | int | list[dict[str, str]]


class FlexModelProblem(StrEnum):
    """Why a value of a flex-model was refused."""

    NOT_POSITIVE = "not_positive"
    NEGATIVE = "negative"
    NOT_A_SHARE = "not_a_share"
    MINIMUM_NOT_BELOW_MAXIMUM = "minimum_not_below_maximum"
    NOT_FINITE = "not_finite"


class FlexModelError(ValueError):
    """A value of a flex-model makes no sense.

    Attributes:
        field: name of the refused value.
        problem: what is wrong with it.
    """

    def __init__(self, field: str, problem: FlexModelProblem) -> None:
        """Name the field and the reason."""
        super().__init__(f"{field}: {problem.value.replace('_', ' ')}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """What a battery can do.

    Attributes:
        power_sensor: id of the FlexMeasures sensor that its power is planned on.
        capacity: kWh between empty and full.
        minimum_state_of_charge: share of the capacity (0 to 1) below which nothing is planned.
        maximum_state_of_charge: share of the capacity (0 to 1) above which nothing is planned.
        charging_power: W, at most.
        discharging_power: W, at most; positive.
        roundtrip_efficiency: share (above 0, at most 1) of the energy charged that comes out again.
    """

    power_sensor: int
    capacity: float
    minimum_state_of_charge: float
    maximum_state_of_charge: float
    charging_power: float
    discharging_power: float
    roundtrip_efficiency: float

    def __post_init__(self) -> None:
        """Refuse what no battery can be.

        Raises:
            FlexModelError: names the field and the reason.
        """
        for name in (
            "capacity",
            "minimum_state_of_charge",
            "maximum_state_of_charge",
            "charging_power",
            "discharging_power",
            "roundtrip_efficiency",
        ):
            if not math.isfinite(getattr(self, name)):
                raise FlexModelError(name, FlexModelProblem.NOT_FINITE)
        if self.capacity <= 0:
            raise FlexModelError("capacity", FlexModelProblem.NOT_POSITIVE)
        for name in ("minimum_state_of_charge", "maximum_state_of_charge"):
            if not 0 <= getattr(self, name) <= 1:
                raise FlexModelError(name, FlexModelProblem.NOT_A_SHARE)
        if self.minimum_state_of_charge >= self.maximum_state_of_charge:
            raise FlexModelError(
                "minimum_state_of_charge", FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM
            )
        for name in ("charging_power", "discharging_power"):
            if getattr(self, name) < 0:
                raise FlexModelError(name, FlexModelProblem.NEGATIVE)
        if self.charging_power == 0 and self.discharging_power == 0:
            raise FlexModelError("charging_power", FlexModelProblem.NOT_POSITIVE)
        if not 0 < self.roundtrip_efficiency <= 1:
            raise FlexModelError("roundtrip_efficiency", FlexModelProblem.NOT_A_SHARE)

    def flex_model(
        self,
        *,
        stored_energy: float,
        start: datetime,
        end: datetime,
        resolution: timedelta,
    ) -> Mapping[str, FlexModelValue]:
        """Return the battery's entry of a trigger's flex-model.

        Outside its band the battery is first led back: FlexMeasures answers "infeasible" when the energy at the start
        lies outside soc-min and soc-max, which are hard, so these are widened to hold it, and a soft limit
        (soc-minima, soc-maxima) holds from the moment on which the band can be reached.

        Args:
            stored_energy: kWh at the start; always sent, since without it the server plans an unbounded battery.
            start: begin of the planned time.
            end: end of the planned time.
            resolution: length of a step.

        Raises:
            ValueError: the stored energy is not finite, negative, or above the capacity by more than rounding.
        """
        if not 0 <= stored_energy <= self.capacity * 1.001:
            raise ValueError(f"{stored_energy} kWh do not fit in a battery of {self.capacity} kWh")
        minimum = self.minimum_state_of_charge * self.capacity
        maximum = self.maximum_state_of_charge * self.capacity
        model: dict[str, FlexModelValue] = {
            "sensor": self.power_sensor,
            "soc-at-start": _kwh(stored_energy),
            "soc-min": _kwh(min(minimum, stored_energy)),
            "soc-max": _kwh(max(maximum, stored_energy)),
            "power-capacity": _watts(max(self.charging_power, self.discharging_power)),
            "consumption-capacity": _watts(self.charging_power),
            "production-capacity": _watts(self.discharging_power),
            "roundtrip-efficiency": f"{self.roundtrip_efficiency * 100:.10g}%",
        }
        one_way = math.sqrt(self.roundtrip_efficiency)
        if stored_energy < minimum:
            power = self.charging_power * one_way
            limits = _limits_from(minimum, minimum - stored_energy, power, start, end, resolution)
            model.update({"soc-minima": limits} if limits else {})
        elif stored_energy > maximum:
            power = self.discharging_power / one_way
            limits = _limits_from(maximum, stored_energy - maximum, power, start, end, resolution)
            model.update({"soc-maxima": limits} if limits else {})
        return model


def _limits_from(
    limit: float,
    distance: float,
    power: float,
    start: datetime,
    end: datetime,
    resolution: timedelta,
) -> list[dict[str, str]]:
    """Return the limit (kWh) from when the distance (kWh) can be covered at the power (W); empty if never."""
    if power <= 0:
        return []
    reached = ceil_to_resolution(start + timedelta(hours=distance / (power / 1000)), resolution)
    if reached >= end:
        return []
    return [{"start": reached.isoformat(), "end": end.isoformat(), "value": _kwh(limit)}]


def _kwh(energy: float) -> str:
    return f"{energy:.6g} kWh"


def _watts(power: float) -> str:
    return f"{power:.6g} W"
