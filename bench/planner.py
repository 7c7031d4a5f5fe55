"""Plans of a FlexMeasures server for the simulated day, made with our flex-models and followed by the home."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from time import perf_counter
from typing import Self

from custom_components.flexmeasures.client import FlexMeasuresClient, JsonObject, SensorSchedule
from custom_components.flexmeasures.control import Plan, PowerLimits, Rounding
from custom_components.flexmeasures.scheduling import (
    JSON,
    Battery,
    CurtailableProduction,
    Departure,
    ElectricVehicle,
    EnergyTarget,
    FlexContext,
    PowerRange,
    PowerSeries,
    PriceSensor,
    Schedule,
    SiteConnection,
    StorageState,
    VehicleState,
    expected_energies,
)
from demo.custom_components.simulated_home.physics import (
    BATTERY,
    CAR,
    LOWEST_CURRENT,
    WATTS_PER_AMPERE,
    Storage,
)

from .carrier import car_neighbours, carry_out
from .simulated_day import (
    BATTERY_AT_START,
    BATTERY_BAND,
    CAR_TARGET,
    SITE_POWER,
    STEP,
    Day,
    House,
)

_PLAN_EVERY = timedelta(hours=1)
# Wh: more than the quarter of an hour of one ampere (173 Wh) by which a car may be ahead.
_OFF_THE_PLAN = 200.0
# What was known of the day: everything, the evening before.
_KNOWN_AHEAD = timedelta(hours=12)


class _Device(StrEnum):
    BATTERY = "Battery"
    CAR = "Car"
    SOLAR = "Solar panels"


_ASSET_TYPES = {
    _Device.BATTERY: "battery",
    _Device.CAR: "one-way_evse",
    _Device.SOLAR: "solar",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Ids of what plans are made with."""

    site_id: int
    consumption_price: int
    feed_in_price: int
    house_consumption: int
    solar_forecast: int
    planned: Mapping[_Device, int]

    @classmethod
    async def set_up(cls, client: FlexMeasuresClient, name: str, day: Day) -> Self:
        """Create assets and sensors, and send what is known of the day."""
        types = {kind.name: kind.id for kind in await client.get_asset_types()}
        home = await client.add_asset(name=name, type_id=types["building"])

        async def sensor(
            asset_id: int, name: str, unit: str, values: tuple[float, ...] = (), sent: str = "W"
        ) -> int:
            # The server takes a power as production unless it is told.
            attributes: JsonObject = {"consumption_is_positive": name != "production"}
            made = await client.add_sensor(
                asset_id=asset_id, name=name, unit=unit, resolution=STEP, attributes=attributes
            )
            if values:
                length = len(values) * STEP
                known = day.start - _KNOWN_AHEAD
                await client.post_sensor_data(
                    made.id, day.start, length, values, sent, prior=known, wait=True
                )
            return made.id

        planned = {}
        for device in _Device:
            kind = types[_ASSET_TYPES[device]]
            asset = await client.add_asset(name=device, type_id=kind, parent_id=home.id)
            power = "production" if device is _Device.SOLAR else "power"
            planned[device] = await sensor(asset.id, power, "kW")
        price = "EUR/kWh"
        return cls(
            site_id=home.id,
            consumption_price=await sensor(
                home.id, "electricity price", price, day.consumption_prices, price
            ),
            feed_in_price=await sensor(home.id, "feed-in price", price, day.feed_in_prices, price),
            house_consumption=await sensor(home.id, "consumption", "kW", day.house_forecasts),
            solar_forecast=await sensor(home.id, "production", "kW", day.solar_forecasts),
            planned=planned,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What one answer wants, and what it expects.

    Attributes:
        schedules: of every device, from the start on.
        car_plan: what control follows for the car, with what the site's connection leaves.
        battery: kWh that the battery should have at each boundary.
        car: kWh that the car should have.
    """

    start: datetime
    was_plugged_in: bool
    schedules: Mapping[_Device, Schedule]
    car_plan: Plan
    battery: tuple[float | None, ...]
    car: tuple[float | None, ...]

    def power(self, device: _Device, time: datetime) -> float:
        """Return W, consumption positive.

        Raises:
            RuntimeError: the server left it out.
        """
        if (power := self.schedules[device].power_at(time)) is None:
            raise RuntimeError(f"no power for {device} at {time}")
        return power


class Planner:
    """Has the server plan whenever something is new, and turns the home's knobs as the plan says."""

    def __init__(self, client: FlexMeasuresClient, day: Day, site: Site) -> None:
        """Begin without a plan."""
        self._client = client
        self._day = day
        self._site = site
        self._plan: _Plan | None = None
        self._battery = _battery(site.planned[_Device.BATTERY])
        self._car = _car(site.planned[_Device.CAR])
        self._solar = CurtailableProduction(
            power_sensor=site.planned[_Device.SOLAR], forecast_sensor=site.solar_forecast
        )
        self._context = FlexContext(
            consumption_price=PriceSensor(site.consumption_price),
            production_price=PriceSensor(site.feed_in_price),
            site_power_capacity=SITE_POWER,
            inflexible_consumption=(site.house_consumption,),
        )
        self._connection = SiteConnection(
            consumption=SITE_POWER,
            production=SITE_POWER,
            others=(PowerSeries(start=day.start, resolution=STEP, powers=day.house_forecasts),),
        )
        self._rounding = Rounding()
        self.seconds: list[float] = []

    async def steer(self, house: House, step: int) -> None:
        """Turn the knobs for a step, with a new plan when one is due."""
        time = self._day.time(step)
        if self._plan is None or self._is_due(self._plan, house, step):
            self._plan = await self._new_plan(house, step)
        plan = self._plan
        carry_out(
            house,
            battery=plan.power(_Device.BATTERY, time),
            car=self._car_power(plan, time),
            solar=plan.power(_Device.SOLAR, time),
            solar_forecast=self._day.solar_forecasts[step],
        )

    def _car_power(self, plan: _Plan, time: datetime) -> float:
        """Return W in whole amperes, as control chooses them."""
        planned = plan.power(_Device.CAR, time)
        return self._rounding.power(
            plan.car_plan,
            time,
            planned=planned,
            neighbours=car_neighbours(planned),
            limits=PowerLimits(CAR.charging_power, 0.0),
        )

    def _is_due(self, plan: _Plan, house: House, step: int) -> bool:
        elapsed = self._day.time(step) - plan.start
        return (
            elapsed >= _PLAN_EVERY
            or self._day.plugged_in[step] != plan.was_plugged_in
            or _is_off(house.battery, plan.battery[elapsed // STEP])
            or _is_off(house.charger.car, plan.car[elapsed // STEP])
        )

    async def _new_plan(self, house: House, step: int) -> _Plan:
        start = self._day.time(step)
        length = self._day.end - start
        is_plugged_in = self._day.plugged_in[step]
        began = perf_counter()
        result = await self._client.trigger_and_get_schedule(
            self._site.site_id,
            sensor_ids=list(self._site.planned.values()),
            unit="W",
            start=start,
            duration=length,
            prior=start,
            flex_model=self._flex_models(house, start, is_plugged_in=is_plugged_in),
            flex_context=self._context.flex_context(),
        )
        self.seconds.append(perf_counter() - began)
        schedules = {
            device: _schedule(result.for_sensor(sensor), start)
            for device, sensor in self._site.planned.items()
        }
        car = schedules[_Device.CAR]
        return _Plan(
            start=start,
            was_plugged_in=is_plugged_in,
            schedules=schedules,
            car_plan=Plan(schedule=car, leeway=self._connection.leeway(car, [*schedules.values()])),
            battery=_expected(self._battery, house.battery, schedules[_Device.BATTERY]),
            car=_expected(self._car, house.charger.car, schedules[_Device.CAR]),
        )

    def _flex_models(
        self, house: House, start: datetime, *, is_plugged_in: bool
    ) -> list[Mapping[str, JSON]]:
        end = self._day.end
        battery = StorageState(
            stored_energy=house.battery.stored / 1000,
            targets=(EnergyTarget(end, BATTERY_AT_START / 1000),),
        )
        car = VehicleState(
            stored_energy=house.charger.car.stored / 1000,
            is_plugged_in=is_plugged_in,
            departures=(Departure(time=end, state_of_charge=CAR_TARGET / CAR.capacity),),
        )
        return [
            self._battery.flex_model(battery, start=start, end=end, resolution=STEP),
            self._car.flex_model(car, start=start, end=end, resolution=STEP),
            self._solar.flex_model(None, start=start, end=end, resolution=STEP),
        ]


def _schedule(answer: SensorSchedule, now: datetime) -> Schedule:
    return Schedule(
        start=answer.start,
        resolution=answer.resolution,
        powers=answer.values,
        computed_at=now,
        schedule_id=answer.schedule_id,
        scheduler=answer.scheduler or "",
    )


def _expected(
    device: Battery | ElectricVehicle, store: Storage, schedule: Schedule
) -> tuple[float | None, ...]:
    return expected_energies(device.storage, store.stored / 1000, schedule.powers, STEP)


def _is_off(store: Storage, expected: float | None) -> bool:
    return expected is None or abs(store.stored - expected * 1000) > _OFF_THE_PLAN


def _battery(power_sensor: int) -> Battery:
    low, high = BATTERY_BAND
    return Battery(
        power_sensor=power_sensor,
        capacity=BATTERY.capacity / 1000,
        minimum_state_of_charge=low,
        maximum_state_of_charge=high,
        charging_power=BATTERY.charging_power,
        discharging_power=BATTERY.discharging_power,
        roundtrip_efficiency=BATTERY.roundtrip_efficiency,
    )


def _car(power_sensor: int) -> ElectricVehicle:
    """Return the car, which nothing can charge with less than the lowest current."""
    return ElectricVehicle(
        battery=Battery(
            power_sensor=power_sensor,
            capacity=CAR.capacity / 1000,
            minimum_state_of_charge=0,
            maximum_state_of_charge=1,
            charging_power=CAR.charging_power,
            discharging_power=0,
            roundtrip_efficiency=CAR.roundtrip_efficiency,
            operation_modes=(
                PowerRange(0, 0),
                PowerRange(LOWEST_CURRENT * WATTS_PER_AMPERE, CAR.charging_power),
            ),
        )
    )
