"""A heat buffer: a boiler, a tank behind a heat pump, or the thermal mass of a house."""

from dataclasses import dataclass
from typing import override

from .errors import FlexModelError, FlexModelProblem, check_finite, check_positive, check_share
from .storage import Flow, PowerRange, Storage, StoragePreset

# kWh that a litre of water takes up per kelvin: 4.186 kJ/(kg K), 1 kg per litre.
_KWH_PER_LITRE_AND_KELVIN = 4.186 / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterTank:
    """Water whose temperature tells the heat that it stores.

    Attributes:
        litres: of water.
        empty: °C at which it stores nothing of use, below all that may be measured; for instance of cold water.
        full: °C that it may reach.
    """

    litres: float
    empty: float
    full: float

    def __post_init__(self) -> None:
        """Refuse what is no tank.

        Raises:
            FlexModelError: names the field and the reason.
        """
        check_positive(litres=self.litres)
        check_finite(empty=self.empty, full=self.full)
        if self.empty >= self.full:
            raise FlexModelError("empty", FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM)

    @property
    def capacity(self) -> float:
        """Return kWh of heat between empty and full."""
        return self.energy(self.full)

    def energy(self, temperature: float) -> float:
        """Return the kWh of heat that it stores at a temperature in °C; negative below empty."""
        return (temperature - self.empty) * self.litres * _KWH_PER_LITRE_AND_KELVIN

    def state_of_charge(self, temperature: float) -> float:
        """Return the share of the capacity at a temperature in °C; outside 0 to 1 beyond empty and full."""
        return (temperature - self.empty) / (self.full - self.empty)

    def temperature(self, energy: float) -> float:
        """Return the °C at which it stores the energy in kWh."""
        return self.empty + energy / (self.litres * _KWH_PER_LITRE_AND_KELVIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatBuffer(StoragePreset):
    """What a heat buffer and what heats it can do.

    Attributes:
        power_sensor: id of the FlexMeasures sensor that its electric power is planned on.
        capacity: kWh of heat between empty and full.
        minimum_state_of_charge: share of the capacity (0 to 1) to keep; use may empty it further.
        maximum_state_of_charge: share of the capacity (0 to 1) not to exceed.
        heating_power: W of electricity, at most.
        coefficient_of_performance: heat per electricity; 1 for a heating rod, 3 or so for a heat pump.
        loss: share (from 0, below 1) of the stored heat that an hour takes away.
        usage: heat taken out, each kW or a sensor.
        gain: heat added by others, such as solar collectors, each kW or a sensor.
        operation_modes: the only electric powers at which it can run; none for every power up to the heating power.
        prefers_charging_sooner: of equally cheap times the first is taken to heat.
        predicted_energy_sensor: id of a sensor for the heat that the server predicts; never the measured one.
    """

    power_sensor: int
    capacity: float
    minimum_state_of_charge: float = 0.0
    maximum_state_of_charge: float = 1.0
    heating_power: float
    coefficient_of_performance: float = 1.0
    loss: float = 0.0
    usage: tuple[Flow, ...] = ()
    gain: tuple[Flow, ...] = ()
    operation_modes: tuple[PowerRange, ...] = ()
    prefers_charging_sooner: bool = True
    predicted_energy_sensor: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no heat buffer can be.

        Raises:
            FlexModelError: names the field and the reason.
        """
        check_positive(
            heating_power=self.heating_power,
            coefficient_of_performance=self.coefficient_of_performance,
        )
        check_share(loss=self.loss)
        if self.loss == 1:
            raise FlexModelError("loss", FlexModelProblem.NOT_A_SHARE)
        _ = self.storage

    @property
    @override
    def storage(self) -> Storage:
        """Return the buffer as a storage of heat that electricity fills."""
        return Storage(
            power_sensor=self.power_sensor,
            capacity=self.capacity,
            minimum_state_of_charge=self.minimum_state_of_charge,
            maximum_state_of_charge=self.maximum_state_of_charge,
            charging_power=self.heating_power,
            charging_efficiency=self.coefficient_of_performance,
            retention=1 - self.loss,
            usage=self.usage,
            gain=self.gain,
            operation_modes=self.operation_modes,
            prefers_charging_sooner=self.prefers_charging_sooner,
            predicted_energy_sensor=self.predicted_energy_sensor,
        )
