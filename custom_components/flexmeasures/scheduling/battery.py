"""A battery, as people know it: one efficiency for there and back, or one for each way."""

from dataclasses import dataclass
import math
from typing import override

from .errors import FlexModelConflict, FlexModelError, check_efficiency
from .storage import Flow, PowerRange, Storage, StoragePreset


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery(StoragePreset):
    """What a battery can do.

    Attributes:
        power_sensor: id of the FlexMeasures sensor that its power is planned on.
        capacity: kWh between empty and full.
        minimum_state_of_charge: share of the capacity (0 to 1) below which nothing is planned.
        maximum_state_of_charge: share of the capacity (0 to 1) above which nothing is planned.
        charging_power: W, at most.
        discharging_power: W, at most; positive; 0 for a charger that works one way.
        roundtrip_efficiency: share (above 0, at most 1) of the energy charged that comes out again; None where the two
            ways are told apart.
        charging_efficiency: share (above 0, at most 1) of the energy consumed that is stored; None for all of it, or
            where the round trip is told.
        discharging_efficiency: share (above 0, at most 1) of the energy taken out that is produced; None as before.
        retention: share of the stored energy that is left after an hour without power; above 0, at most 1.
        usage: energy taken out otherwise, each kW or a sensor.
        gain: energy added by others, such as panels behind the same inverter, each kW or a sensor.
        operation_modes: the only powers at which it can run; none for every power within the limits.
        prefers_charging_sooner: of equally cheap times the first is taken to charge.
        predicted_energy_sensor: id of a sensor for the energy that the server predicts; never the measured one.
    """

    power_sensor: int
    capacity: float
    minimum_state_of_charge: float
    maximum_state_of_charge: float
    charging_power: float
    discharging_power: float
    roundtrip_efficiency: float | None = None
    charging_efficiency: float | None = None
    discharging_efficiency: float | None = None
    retention: float = 1.0
    usage: tuple[Flow, ...] = ()
    gain: tuple[Flow, ...] = ()
    operation_modes: tuple[PowerRange, ...] = ()
    prefers_charging_sooner: bool = True
    predicted_energy_sensor: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no battery can be.

        Raises:
            FlexModelError: names the field and the reason.
        """
        told = {
            name: value
            for name in ("roundtrip_efficiency", "charging_efficiency", "discharging_efficiency")
            if (value := getattr(self, name)) is not None
        }
        check_efficiency(**told)
        if len(told) > 1 and self.roundtrip_efficiency is not None:
            # The server refuses both.
            raise FlexModelError("roundtrip_efficiency", FlexModelConflict.TWO_EFFICIENCIES)
        _ = self.storage

    @property
    def _efficiencies(self) -> tuple[float, float]:
        """Return those of charging and discharging; FlexMeasures takes half of a round trip's loss each way."""
        if self.roundtrip_efficiency is not None:
            one_way = math.sqrt(self.roundtrip_efficiency)
            return one_way, one_way
        charging, discharging = self.charging_efficiency, self.discharging_efficiency
        return (
            1.0 if charging is None else charging,
            1.0 if discharging is None else discharging,
        )

    @property
    @override
    def storage(self) -> Storage:
        """Return the battery as a storage."""
        charging, discharging = self._efficiencies
        return Storage(
            power_sensor=self.power_sensor,
            capacity=self.capacity,
            minimum_state_of_charge=self.minimum_state_of_charge,
            maximum_state_of_charge=self.maximum_state_of_charge,
            charging_power=self.charging_power,
            discharging_power=self.discharging_power,
            charging_efficiency=charging,
            discharging_efficiency=discharging,
            retention=self.retention,
            usage=self.usage,
            gain=self.gain,
            operation_modes=self.operation_modes,
            prefers_charging_sooner=self.prefers_charging_sooner,
            predicted_energy_sensor=self.predicted_energy_sensor,
        )
