"""A home on a real server, with prices, and the schedules that it answers with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from custom_components.flexmeasures.client import (
    Asset,
    FlexMeasuresClient,
    ScheduleResult,
    Sensor,
)
from custom_components.flexmeasures.scheduling import (
    JSON,
    FlexContext,
    PriceSensor,
    PriceSeries,
    Schedule,
    Tariff,
)

from ..client.conftest import HOUR, QUARTER, client, session, site, tomorrow

__all__ = ["client", "session", "site"]

# EUR/kWh by hour: the third is the cheapest, the fourth is the next.
PRICES = (0.10, 0.09, 0.01, 0.02, 0.08, 0.07)


@dataclass(frozen=True)
class Home:
    """A site whose devices are planned for six hours from tomorrow on."""

    client: FlexMeasuresClient
    site: Asset
    prices: PriceSeries

    @property
    def start(self) -> datetime:
        """Return when plans begin."""
        return self.prices.start

    @property
    def end(self) -> datetime:
        """Return when plans end."""
        return self.prices.end

    @property
    def tariff(self) -> Tariff:
        """Return what energy costs, both ways."""
        return Tariff(self.prices)

    def after(self, hours: float) -> datetime:
        """Return a moment of the plan."""
        return self.start + hours * HOUR

    async def sensor(
        self, name: str, unit: str = "kW", resolution: timedelta = QUARTER, asset: int | None = None
    ) -> Sensor:
        """Add a sensor."""
        return await self.client.add_sensor(
            asset_id=asset or self.site.id, name=name, unit=unit, resolution=resolution
        )

    async def device(self, name: str) -> tuple[Asset, int, int]:
        """Add a device, and return it with its power sensor and the sensor of its predicted energy."""
        types = {kind.name: kind.id for kind in await self.client.get_asset_types()}
        assert self.site.account_id is not None
        asset = await self.client.add_asset(
            name=name,
            type_id=types["battery"],
            account_id=self.site.account_id,
            parent_id=self.site.id,
        )
        power = await self.sensor("power", asset=asset.id)
        energy = await self.sensor("predicted energy", "kWh", timedelta(0), asset.id)
        return asset, power.id, energy.id

    async def fill(self, sensor: Sensor, values: Sequence[float], unit: str) -> None:
        """Post hourly values from the start on, and wait until they are there."""
        posted = await self.client.post_sensor_data(
            sensor.id, start=self.start, duration=len(values) * HOUR, values=values, unit=unit
        )
        assert posted.job_id is not None
        await self.client.wait_for_job(posted.job_id)

    async def price_sensor(self, prices: Sequence[float]) -> int:
        """Add a sensor with hourly prices in EUR/kWh."""
        sensor = await self.sensor(f"price {prices[0]}", "EUR/kWh", HOUR)
        await self.fill(sensor, prices, "EUR/kWh")
        return sensor.id

    async def plan(
        self,
        *flex_models: Mapping[str, JSON],
        context: FlexContext | None = None,
    ) -> tuple[ScheduleResult, list[Schedule]]:
        """Trigger one schedule for all devices; return the answer, and each device's schedule in W."""
        if context is None:
            price = PriceSensor(await self.price_sensor(self.known_prices), "EUR")
            context = FlexContext(consumption_price=price)
        result = await self.client.trigger_and_get_schedule(
            self.site.id,
            unit="W",
            start=self.start,
            duration=self.end - self.start,
            flex_model=flex_models,
            flex_context=context.flex_context(),
        )
        return result, [
            Schedule(
                start=answer.start,
                resolution=answer.resolution,
                powers=answer.values,
                computed_at=self.start,
                schedule_id=answer.schedule_id,
                scheduler=answer.scheduler or "",
            )
            for answer in result.schedules
        ]

    @property
    def known_prices(self) -> tuple[float, ...]:
        """Return the prices by hour."""
        return tuple(price for price in self.prices.prices if price is not None)

    async def predicted(self, sensor_id: int, schedule: Schedule) -> tuple[float | None, ...]:
        """Return the kWh that the server predicts at each boundary of a schedule's steps."""
        answer = await self.client.get_schedule(
            sensor_id, schedule.schedule_id, duration=self.end - self.start, unit="kWh"
        )
        return answer.values


@pytest.fixture
def home(client: FlexMeasuresClient, site: Asset) -> Home:
    """A home without devices."""
    prices = PriceSeries(start=tomorrow(), resolution=HOUR, prices=PRICES, currency="EUR")
    return Home(client, site, prices)
