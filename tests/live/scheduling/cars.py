"""A car that a real server plans, and powers by the hour."""

from custom_components.flexmeasures.scheduling import Battery, ElectricVehicle


def per_quarter(*hourly: float) -> list[float]:
    """Return W per quarter-hour from W per hour."""
    return [power for power in hourly for _ in range(4)]


def car(power_sensor: int, energy_sensor: int | None = None) -> ElectricVehicle:
    """Return a car of 40 kWh at a charger of 7.4 kW that works one way."""
    return ElectricVehicle(
        battery=Battery(
            power_sensor=power_sensor,
            capacity=40,
            minimum_state_of_charge=0.1,
            maximum_state_of_charge=1,
            charging_power=7400,
            discharging_power=0,
            roundtrip_efficiency=1,
            predicted_energy_sensor=energy_sensor,
        )
    )
