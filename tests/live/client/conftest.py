"""A client of a real FlexMeasures server, and a small site to try it on."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from custom_components.flexmeasures.client import Asset, Credentials, FlexMeasuresClient, Sensor
from demo.flexmeasures_server import ServerUser

from ...client.conftest import session
from ..conftest import OTHER_USER, LiveServer

__all__ = ["session"]

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
NO_JOB = "00000000-0000-0000-0000-000000000000"
UNKNOWN_ID = 2_000_000_000


def tomorrow() -> datetime:
    """The next hour but 24, in UTC: aligned to every resolution, and nobody has data there."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return now + timedelta(days=1)


@pytest.fixture
def client(
    session: aiohttp.ClientSession, flexmeasures_server: LiveServer, fresh_user: ServerUser
) -> FlexMeasuresClient:
    """A client of an account's administrator, who has the whole budget of requests and triggers."""
    credentials = Credentials(fresh_user.email, fresh_user.password)
    return FlexMeasuresClient(session, flexmeasures_server.url, credentials)


@pytest.fixture
def stranger(session: aiohttp.ClientSession, flexmeasures_server: LiveServer) -> FlexMeasuresClient:
    """A client of another account's user."""
    return FlexMeasuresClient(
        session, flexmeasures_server.url, Credentials(OTHER_USER.email, OTHER_USER.password)
    )


@pytest.fixture
async def site(client: FlexMeasuresClient) -> Asset:
    """A new site without anything below it."""
    user = await client.get_user()
    types = {kind.name: kind.id for kind in await client.get_asset_types()}
    return await client.add_asset(
        name="Home",
        type_id=types["building"],
        account_id=user.account_id,
        latitude=52.0,
        longitude=5.0,
        flex_context={"site-power-capacity": "20 kW"},
    )


@pytest.fixture
async def battery(client: FlexMeasuresClient, site: Asset) -> Asset:
    """A battery on the site."""
    types = {kind.name: kind.id for kind in await client.get_asset_types()}
    assert site.account_id is not None
    return await client.add_asset(
        name="Battery", type_id=types["battery"], account_id=site.account_id, parent_id=site.id
    )


@pytest.fixture
async def power(client: FlexMeasuresClient, battery: Asset) -> Sensor:
    """The battery's power."""
    return await client.add_sensor(
        asset_id=battery.id, name="Power", unit="kW", resolution=QUARTER, timezone="Europe/Paris"
    )


@pytest.fixture
async def level(client: FlexMeasuresClient, battery: Asset) -> Sensor:
    """The battery's state of charge."""
    return await client.add_sensor(
        asset_id=battery.id, name="State of charge", unit="kWh", resolution=timedelta()
    )


@pytest.fixture
async def price(client: FlexMeasuresClient, site: Asset) -> Sensor:
    """Six hours of prices from tomorrow on; the third hour is the cheapest."""
    sensor = await client.add_sensor(
        asset_id=site.id, name="Price", unit="EUR/MWh", resolution=HOUR
    )
    posted = await client.post_sensor_data(
        sensor.id,
        start=tomorrow(),
        duration=6 * HOUR,
        values=[100, 90, 10, 20, 80, 70],
        unit="EUR/MWh",
    )
    assert posted.job_id is not None
    await client.wait_for_job(posted.job_id)
    return sensor
