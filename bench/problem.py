"""What an optimum is asked for, understood by the bench and by the solver's process alike."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is known of a day. Powers in kW, energies in kWh, prices in EUR/kWh; sequences have a value per step.

    Attributes:
        hours: length of a step.
        battery_band: lowest and highest stored energy.
        battery_at_start: stored energy; not less at the end.
        battery_power: in either direction.
        battery_efficiency: of each direction.
        car_energy: to charge, at the charger.
        car_power: at most; less is possible in any amount.
        site_power: of the connection, in either direction.
    """

    hours: float
    consumption_prices: tuple[float, ...]
    feed_in_prices: tuple[float, ...]
    house_powers: tuple[float, ...]
    solar_powers: tuple[float, ...]
    plugged_in: tuple[bool, ...]
    battery_band: tuple[float, float]
    battery_at_start: float
    battery_power: float
    battery_efficiency: float
    car_energy: float
    car_power: float
    site_power: float
