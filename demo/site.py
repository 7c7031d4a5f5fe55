"""Sets up the demo's site in FlexMeasures, as an installer would in FlexMeasures' own pages.

Every step looks first whether its result is there already, so that an interrupted demo goes on where it stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from custom_components.flexmeasures.client import (
    Asset,
    FlexMeasuresClient,
    JsonObject,
    Sensor,
)

SITE_NAME = "Home"
TIME_ZONE = "Europe/Amsterdam"
LATITUDE, LONGITUDE = 52.374, 4.8897
MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
PRICE_UNIT = "EUR/kWh"
BATTERY, CAR, HEAT_PUMP, SOLAR, DISHWASHER = (
    "Battery",
    "Car",
    "Heat pump",
    "Solar panels",
    "Dishwasher",
)
# The type of asset that each is in FlexMeasures.
FLEXIBLE_DEVICES = {
    BATTERY: "battery",
    CAR: "one-way_evse",
    HEAT_PUMP: "heat-storage",
    SOLAR: "solar",
    DISHWASHER: "process",
}
# A common connection in the Netherlands: three phases of 25 A.
SITE_POWER_CAPACITY = "17.25 kW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A sensor that is fed by an entity, and never holds a plan or a forecast.

    Attributes:
        direction: what a positive number of the entity means; None for values that have no direction.
    """

    sensor_id: int
    name: str
    unit: str
    entity: str
    aggregation: str = "mean"
    direction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The ids of what the demo needs to name later.

    Attributes:
        planned_power: of the sensors that plans are stored on, by the name of the device.
    """

    site_id: int
    planned_power: Mapping[str, int]
    consumption_price: int
    feed_in_price: int
    house_consumption: int
    solar_production: int
    measured: tuple[Measured, ...]


async def set_up_site(client: FlexMeasuresClient) -> Site:
    """Create site, assets, sensors and flex-context, as far as they are missing.

    No flex-model is stored: FlexMeasures would plan such a device even when nobody asks for it.
    """
    builder = await _Builder.create(client)
    home = await builder.asset(SITE_NAME, "building")
    house = await builder.asset("House", "building", home)
    devices = {
        name: await builder.asset(name, kind, home) for name, kind in FLEXIBLE_DEVICES.items()
    }
    battery, car, heat_pump, solar, dishwasher = devices.values()
    site = Site(
        site_id=home.id,
        planned_power={
            name: await builder.power_sensor(device, "power", consumption=name != SOLAR)
            for name, device in devices.items()
        },
        consumption_price=await builder.price_sensor(home, "electricity price"),
        feed_in_price=await builder.price_sensor(home, "feed-in price"),
        house_consumption=await builder.power_sensor(house, "consumption", consumption=True),
        solar_production=await builder.power_sensor(solar, "production", consumption=False),
        measured=(
            await builder.measured_power(battery, "sensor.simulated_battery_power"),
            await builder.measured_power(car, "sensor.simulated_car_charging_power"),
            await builder.measured_power(heat_pump, "sensor.simulated_heat_pump_power"),
            await builder.measured_power(dishwasher, "sensor.simulated_dishwasher_power"),
            await builder.measured_power(house, "sensor.simulated_house_power"),
            await builder.measured_power(
                solar, "sensor.simulated_solar_panels_power", consumption=False
            ),
            await builder.measured_power(home, "sensor.simulated_grid_power"),
            await builder.measured_level(battery, "sensor.simulated_battery_state_of_charge"),
            await builder.measured_level(car, "sensor.simulated_car_state_of_charge"),
            await builder.measured_price(
                home, "sensor.simulated_energy_contract_electricity_price"
            ),
        ),
    )
    await client.update_asset(home.id, flex_context=_flex_context(site))
    return site


def _flex_context(site: Site) -> JsonObject:
    """Return prices, limits, and the house alone: the panels are a device, since they can be told to make less."""
    return {
        "consumption-price": {"sensor": site.consumption_price},
        "production-price": {"sensor": site.feed_in_price},
        "inflexible-consumption": [{"sensor": site.house_consumption}],
        "site-power-capacity": SITE_POWER_CAPACITY,
    }


@dataclass(frozen=True, slots=True)
class _Builder:
    """Finds or creates assets and sensors of the signed-in user's account."""

    client: FlexMeasuresClient
    account_id: int
    types: dict[str, int]
    assets: tuple[Asset, ...]

    @classmethod
    async def create(cls, client: FlexMeasuresClient) -> _Builder:
        account_id = (await client.get_user()).account_id
        types = {kind.name: kind.id for kind in await client.get_asset_types()}
        assets = await client.get_assets(account_id=account_id)
        return cls(client, account_id, types, assets)

    async def asset(self, name: str, type_name: str, parent: Asset | None = None) -> Asset:
        parent_id = parent.id if parent else None
        for asset in self.assets:
            if (asset.name, asset.parent_id) == (name, parent_id):
                return asset
        return await self.client.add_asset(
            name=name,
            type_id=self.types[type_name],
            account_id=self.account_id,
            parent_id=parent_id,
            latitude=LATITUDE,
            longitude=LONGITUDE,
        )

    async def measured_power(
        self, asset: Asset, entity: str, *, consumption: bool = True
    ) -> Measured:
        attributes: JsonObject = {"consumption_is_positive": consumption}
        name, direction = "measured power", "consumption" if consumption else "production"
        sensor = await self._sensor(asset, name, "kW", MINUTE, attributes)
        return Measured(
            sensor_id=sensor,
            name=f"{asset.name}: {name}",
            unit="kW",
            entity=entity,
            direction=direction,
        )

    async def measured_level(self, asset: Asset, entity: str) -> Measured:
        name = "measured state of charge"
        sensor = await self._sensor(asset, name, "%", timedelta(0), {})
        return Measured(
            sensor_id=sensor,
            name=f"{asset.name}: {name}",
            unit="%",
            entity=entity,
            aggregation="last",
        )

    async def measured_price(self, asset: Asset, entity: str) -> Measured:
        name = "current price"
        sensor = await self._sensor(asset, name, PRICE_UNIT, MINUTE, {})
        return Measured(
            sensor_id=sensor, name=f"{asset.name}: {name}", unit=PRICE_UNIT, entity=entity
        )

    async def power_sensor(self, asset: Asset, name: str, *, consumption: bool) -> int:
        attributes: JsonObject = {"consumption_is_positive": consumption}
        return await self._sensor(asset, name, "kW", QUARTER, attributes)

    async def price_sensor(self, asset: Asset, name: str) -> int:
        return await self._sensor(asset, name, PRICE_UNIT, HOUR, {})

    async def _sensor(
        self,
        asset: Asset,
        name: str,
        unit: str,
        resolution: timedelta,
        attributes: JsonObject,
    ) -> int:
        for sensor in await self.client.get_sensors(asset_id=asset.id):
            if (sensor.asset_id, sensor.name) == (asset.id, name):
                return sensor.id
        made: Sensor = await self.client.add_sensor(
            asset_id=asset.id,
            name=name,
            unit=unit,
            resolution=resolution,
            timezone=TIME_ZONE,
            attributes=attributes,
        )
        return made.id
