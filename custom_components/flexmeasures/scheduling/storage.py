"""What anything that stores energy can do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from .errors import (
    FlexModelConflict,
    FlexModelError,
    FlexModelProblem,
    check_efficiency,
    check_finite,
    check_not_negative,
    check_positive,
    check_share,
)
from .quantities import JSON, SensorReference, watts
from .storage_flex_model import storage_flex_model
from .storage_state import StorageState

type Flow = float | SensorReference

# A full storage may report a little more than its capacity.
_CAPACITY_TOLERANCE = 1.001


@dataclass(frozen=True, slots=True)
class PowerRange:
    """Powers between which a device can run, as an operation mode of S2.

    Attributes:
        minimum: W, consumption positive.
        maximum: W, consumption positive; not below the minimum.
    """

    minimum: float
    maximum: float

    def __post_init__(self) -> None:
        """Refuse what is no range.

        Raises:
            FlexModelError: names the field and the reason.
        """
        check_finite(minimum=self.minimum, maximum=self.maximum)
        if self.minimum > self.maximum:
            raise FlexModelError("minimum", FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM)

    def holds(self, power: float) -> bool:
        """Tell whether the device can run at a power in W."""
        return self.minimum <= power <= self.maximum

    def json(self) -> Mapping[str, JSON]:
        """Return the operation mode as the server reads it: directions apart, neither negative."""
        if self.minimum >= 0:
            return {"consumption-range": [watts(self.minimum), watts(self.maximum)]}
        if self.maximum <= 0:
            return {"production-range": [watts(-self.maximum), watts(-self.minimum)]}
        return {
            "consumption-range": [watts(0), watts(self.maximum)],
            "production-range": [watts(0), watts(-self.minimum)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What a storage can do, whatever it stores.

    Attributes:
        power_sensor: id of the FlexMeasures sensor that its power is planned on.
        capacity: kWh between empty and full.
        minimum_state_of_charge: share of the capacity (0 to 1) below which nothing is planned.
        maximum_state_of_charge: share of the capacity (0 to 1) above which nothing is planned.
        charging_power: W, at most.
        discharging_power: W, at most; positive.
        charging_efficiency: stored energy per energy consumed; above 1 for a heat pump.
        discharging_efficiency: energy produced per energy taken out of the storage; above 0, at most 1.
        retention: share of the stored energy that is left after an hour without power; above 0, at most 1.
        usage: what is taken out otherwise, each kW or a sensor; the server adds them up.
        gain: what is added otherwise, each kW or a sensor.
        operation_modes: the only powers at which it can run, 0 W among them; none for every power within the limits.
        prefers_charging_sooner: of equally cheap times the first is taken to charge.
        prefers_curtailing_later: of equally cheap times the last is taken to curtail.
        predicted_energy_sensor: id of a sensor for the energy that the server predicts. Never the measured one: the
            server would start its next plan from its own prediction.
    """

    power_sensor: int
    capacity: float
    minimum_state_of_charge: float = 0.0
    maximum_state_of_charge: float = 1.0
    charging_power: float
    discharging_power: float = 0.0
    charging_efficiency: float = 1.0
    discharging_efficiency: float = 1.0
    retention: float = 1.0
    usage: tuple[Flow, ...] = ()
    gain: tuple[Flow, ...] = ()
    operation_modes: tuple[PowerRange, ...] = ()
    prefers_charging_sooner: bool = True
    prefers_curtailing_later: bool = True
    predicted_energy_sensor: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no storage can be.

        Raises:
            FlexModelError: names the field and the reason.
        """
        check_positive(capacity=self.capacity, charging_efficiency=self.charging_efficiency)
        check_share(
            minimum_state_of_charge=self.minimum_state_of_charge,
            maximum_state_of_charge=self.maximum_state_of_charge,
        )
        if self.minimum_state_of_charge >= self.maximum_state_of_charge:
            raise FlexModelError(
                "minimum_state_of_charge", FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM
            )
        check_not_negative(
            charging_power=self.charging_power, discharging_power=self.discharging_power
        )
        if self.charging_power == 0 and self.discharging_power == 0:
            raise FlexModelError("charging_power", FlexModelProblem.NOT_POSITIVE)
        check_efficiency(
            discharging_efficiency=self.discharging_efficiency, retention=self.retention
        )
        for name in ("usage", "gain"):
            for flow in getattr(self, name):
                if not isinstance(flow, SensorReference):
                    check_not_negative(**{name: flow})
        if self.operation_modes and not any(mode.holds(0) for mode in self.operation_modes):
            raise FlexModelError("operation_modes", FlexModelConflict.MODES_WITHOUT_REST)
        if self.predicted_energy_sensor == self.power_sensor:
            raise FlexModelError("predicted_energy_sensor", FlexModelConflict.SAME_SENSOR)

    @property
    def storage(self) -> Self:
        """Return itself: every kind of device that stores energy has this."""
        return self

    @property
    def minimum_energy(self) -> float:
        """Return the lower end of the band in kWh."""
        return self.minimum_state_of_charge * self.capacity

    @property
    def maximum_energy(self) -> float:
        """Return the upper end of the band in kWh."""
        return self.maximum_state_of_charge * self.capacity

    @property
    def known_flow(self) -> float:
        """Return the constant gain less the constant usage in kW; what sensors tell is not known here."""
        known = [flow for flow in self.gain if not isinstance(flow, SensorReference)]
        return sum(known) - sum(
            flow for flow in self.usage if not isinstance(flow, SensorReference)
        )

    @property
    def sensed_flows(self) -> Mapping[int, int]:
        """Return the sensors that tell usage or gain, each with how often its kW flow into the storage: -1 for usage."""
        signs: dict[int, int] = {}
        for flows, sign in ((self.gain, 1), (self.usage, -1)):
            for flow in flows:
                if isinstance(flow, SensorReference):
                    signs[flow.sensor] = signs.get(flow.sensor, 0) + sign
        return signs

    def can_hold(self, energy: float) -> bool:
        """Tell whether an energy in kWh fits, but for rounding; what is not a number does not."""
        return 0 <= energy <= self.capacity * _CAPACITY_TOLERANCE

    def storage_state(self, state: StorageState) -> StorageState:
        """Return the state as it is: every kind of device that stores energy has this."""
        return state

    def flex_model(
        self, state: StorageState, *, start: datetime, end: datetime, resolution: timedelta
    ) -> Mapping[str, JSON]:
        """Return the storage's entry of a trigger's flex-model.

        Outside its band the storage is first led back: FlexMeasures answers "infeasible" when the energy at the start
        lies outside soc-min and soc-max, which are hard, so these are widened to hold it, and a soft limit
        (soc-minima, soc-maxima) holds from the moment on which the band can be reached.

        Args:
            state: how it is now, and what is wanted of it.
            start: begin of the planned time, on the grid.
            end: end of the planned time; nothing is asked for beyond it, since the server would plan until then.
            resolution: length of the power sensor's steps, for which the server takes a storage efficiency.

        Raises:
            ValueError: the stored energy is not finite, negative, or above the capacity by more than rounding.
        """
        return storage_flex_model(self, state, start=start, end=end, resolution=resolution)


class StoragePreset(ABC):
    """A kind of device that is a storage in other words, and whose state is that of a storage."""

    __slots__ = ()

    @property
    @abstractmethod
    def storage(self) -> Storage:
        """Return the device as a storage."""

    def storage_state(self, state: StorageState) -> StorageState:
        """Return the state as it is; other kinds of devices have states of their own."""
        return state

    def flex_model(
        self, state: StorageState, *, start: datetime, end: datetime, resolution: timedelta
    ) -> Mapping[str, JSON]:
        """Return the device's entry of a trigger's flex-model; see `Storage.flex_model`.

        Raises:
            ValueError: the stored energy is not finite, negative, or above the capacity by more than rounding.
        """
        return self.storage.flex_model(state, start=start, end=end, resolution=resolution)
