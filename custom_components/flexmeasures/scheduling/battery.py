"""A battery, as people know it: one efficiency for there and back."""

from dataclasses import dataclass
import math
from typing import override

from .errors import check_efficiency
from .storage import PowerRange, Storage, StoragePreset


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
        roundtrip_efficiency: share (above 0, at most 1) of the energy charged that comes out again.
        retention: share of the stored energy that is left after an hour without power; above 0, at most 1.
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
    roundtrip_efficiency: float
    retention: float = 1.0
    operation_modes: tuple[PowerRange, ...] = ()
    prefers_charging_sooner: bool = True
    predicted_energy_sensor: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no battery can be.

        Raises:
            FlexModelError: names the field and the reason.
        """
        check_efficiency(roundtrip_efficiency=self.roundtrip_efficiency)
        _ = self.storage

    @property
    @override
    def storage(self) -> Storage:
        """Return the battery as a storage; what is lost is lost half-way each way, as FlexMeasures takes it."""
        one_way = math.sqrt(self.roundtrip_efficiency)
        return Storage(
            power_sensor=self.power_sensor,
            capacity=self.capacity,
            minimum_state_of_charge=self.minimum_state_of_charge,
            maximum_state_of_charge=self.maximum_state_of_charge,
            charging_power=self.charging_power,
            discharging_power=self.discharging_power,
            charging_efficiency=one_way,
            discharging_efficiency=one_way,
            retention=self.retention,
            operation_modes=self.operation_modes,
            prefers_charging_sooner=self.prefers_charging_sooner,
            predicted_energy_sensor=self.predicted_energy_sensor,
        )
