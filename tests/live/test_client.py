"""The client against a real FlexMeasures server."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
import math

import aiohttp
import pytest

from custom_components.flexmeasures.client import (
    Asset,
    Credentials,
    FlexMeasuresClient,
    InvalidInputError,
    JobFailedError,
    JobStatus,
    NotFoundError,
    PermissionDeniedError,
    Sensor,
    SignConvention,
    UnexpectedResponseError,
    UnknownUserError,
    ValidationError,
    WrongPasswordError,
)
from custom_components.flexmeasures.client.authentication import Token
from demo.flexmeasures_server import ServerUser

from .conftest import OTHER_USER, USER, LiveServer

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
NO_JOB = "00000000-0000-0000-0000-000000000000"
UNKNOWN_ID = 2_000_000_000


def tomorrow() -> datetime:
    """The next hour but 24, in UTC: aligned to every resolution, and nobody has data there."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return now + timedelta(days=1)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """The session that the caller of a client owns."""
    async with aiohttp.ClientSession() as session:
        yield session


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


async def test_a_server_introduces_itself(client: FlexMeasuresClient) -> None:
    """Before anybody signs in."""
    versions = await client.ensure_supported()
    health = await client.get_health()

    assert versions.apis == ("v3_0",)
    assert versions.server is not None
    assert health.ready
    assert health.checks["database_sql"] is True


async def test_signing_in_tells_user_and_account(
    client: FlexMeasuresClient, fresh_user: ServerUser
) -> None:
    """There is no other way to learn the account."""
    await client.sign_in()
    user = await client.get_user()
    account = await client.get_account(user.account_id)

    assert user.email == fresh_user.email
    assert account.name == fresh_user.account


async def test_each_failure_to_sign_in_has_its_error(
    session: aiohttp.ClientSession, flexmeasures_server: LiveServer
) -> None:
    """Reauthentication is only for those that a person can mend."""
    url = flexmeasures_server.url

    with pytest.raises(WrongPasswordError):
        await FlexMeasuresClient(session, url, Credentials(USER.email, "wrong")).sign_in()
    with pytest.raises(UnknownUserError):
        await FlexMeasuresClient(session, url, Credentials("x@example.com", "wrong")).sign_in()
    elsewhere = FlexMeasuresClient(session, f"{url}/ui", Credentials(USER.email, USER.password))
    with pytest.raises(UnexpectedResponseError):
        await elsewhere.sign_in()
    with pytest.raises(UnexpectedResponseError):
        await elsewhere.ensure_supported()


async def test_new_credentials_mend_a_client(
    session: aiohttp.ClientSession, flexmeasures_server: LiveServer
) -> None:
    """As after reauthentication."""
    client = FlexMeasuresClient(session, flexmeasures_server.url, Credentials(USER.email, "wrong"))
    with pytest.raises(WrongPasswordError):
        await client.get_user()

    client.replace_credentials(Credentials(USER.email, USER.password))

    assert (await client.get_user()).email == USER.email


async def test_a_token_that_the_server_refuses_is_replaced(client: FlexMeasuresClient) -> None:
    """As when it has expired."""
    tokens = client._connection.tokens
    good = await tokens.token()
    tokens._token = Token("expired", good.user_id, good.obtained_at)

    user = await client.get_user()

    assert user.id == good.user_id
    assert (await tokens.token()).text not in {"expired", good.text}


async def test_a_tree_is_read_as_it_was_built(
    client: FlexMeasuresClient, site: Asset, battery: Asset, power: Sensor, price: Sensor
) -> None:
    """From its root, from the account, and piece by piece."""
    tree = await client.get_assets(root=site.id)
    account = await client.get_assets(account_id=site.account_id)
    sensors = await client.get_sensors(asset_id=site.id)

    assert {asset.id: asset for asset in tree} == {site.id: site, battery.id: battery}
    assert all(asset in account for asset in tree)
    assert (site.type_name, site.parent_id) == ("building", None)
    assert (battery.type_name, battery.parent_id) == ("battery", site.id)
    assert site.flex_context == {"site-power-capacity": "20 kW"}
    assert await client.get_asset(battery.id) == battery
    assert {sensor.id: sensor for sensor in sensors} == {power.id: power, price.id: price}
    assert await client.get_sensor(power.id) == power
    assert (power.unit, power.resolution, power.timezone) == ("kW", QUARTER, "Europe/Paris")


async def test_a_flex_context_is_replaced(
    client: FlexMeasuresClient, site: Asset, price: Sensor
) -> None:
    """As a whole, with the keys in the server's spelling."""
    context = {"consumption_price": {"sensor": price.id}}

    updated = await client.update_asset(site.id, flex_context=context)

    assert updated.flex_context == {"consumption-price": {"sensor": price.id}}
    assert await client.get_asset(site.id) == updated


async def test_posted_values_are_read_back(client: FlexMeasuresClient, power: Sensor) -> None:
    """Converted to another unit, with their sign and their gap."""
    start = tomorrow()
    posted = await client.post_sensor_data(
        power.id, start=start, duration=HOUR, values=[1500, None, -250.5, 0], unit="W"
    )
    assert posted.job_id is not None
    job = await client.wait_for_job(posted.job_id)

    data = await client.get_sensor_data(power.id, start=start, duration=HOUR, unit="kW")

    assert job.status is JobStatus.FINISHED
    assert data.values == pytest.approx((1.5, None, -0.2505, 0.0))
    assert (data.start, data.resolution, data.unit) == (start, QUARTER, "kW")


async def test_an_instantaneous_value_is_read_back(
    client: FlexMeasuresClient, level: Sensor
) -> None:
    """Its sensor has no resolution, yet the answer has a grid."""
    start = tomorrow()
    posted = await client.post_sensor_data(
        level.id, start=start, duration=timedelta(), values=[4.2], unit="kWh"
    )
    assert posted.job_id is not None
    await client.wait_for_job(posted.job_id)

    data = await client.get_sensor_data(
        level.id, start=start, duration=HOUR, unit="kWh", resolution=QUARTER
    )

    assert level.is_instantaneous
    assert data.values[0] == pytest.approx(4.2)
    assert (data.start, data.resolution) == (start, QUARTER)


async def test_a_schedule_charges_in_the_cheapest_hour(
    client: FlexMeasuresClient,
    site: Asset,
    power: Sensor,
    level: Sensor,
    price: Sensor,
) -> None:
    """From 2 to 6.5 kWh at 90 % efficiency takes 5 kWh, which is the cheapest hour at full power."""
    start = tomorrow()

    result = await client.trigger_and_get_schedule(
        site.id,
        sensor_ids=[power.id],
        unit="kW",
        start=start,
        duration=6 * HOUR,
        flex_model={
            "sensor": power.id,
            "state_of_charge": {"sensor": level.id},
            "soc_at_start": "2 kWh",
            "soc_min": "0 kWh",
            "soc_max": "10 kWh",
            "soc_targets": [{"value": "6.5 kWh", "datetime": start + 6 * HOUR}],
            "soc_minima": [],
            "power_capacity": "5 kW",
            "production_capacity": "0 kW",
            "charging_efficiency": "90%",
        },
        flex_context={"consumption_price": {"sensor": price.id}},
    )

    [schedule] = result.schedules
    third_hour = range(8, 12)
    expected = [5.0 if step in third_hour else 0.0 for step in range(24)]
    assert schedule.values == pytest.approx(expected, abs=1e-6)
    assert (schedule.start, schedule.resolution, schedule.unit) == (start, QUARTER, "kW")
    assert schedule.sign is SignConvention.CONSUMPTION_POSITIVE
    assert math.fsum(value or 0 for value in schedule.values) / 4 == pytest.approx(5.0)  # kWh
    assert schedule.commitment_costs["electricity net energy"] == pytest.approx(0.05)  # EUR
    assert result.job.status is JobStatus.FINISHED
    assert result.job.unresolved == ()

    turned = await client.get_schedule(
        power.id,
        schedule.schedule_id,
        duration=6 * HOUR,
        unit="W",
        sign=SignConvention.PRODUCTION_POSITIVE,
    )
    assert turned.values == pytest.approx([-1000 * value for value in expected], abs=1e-3)

    levels = await client.get_schedule(
        level.id, schedule.schedule_id, duration=6 * HOUR, unit="kWh"
    )
    assert (len(levels.values), levels.resolution) == (25, QUARTER)
    assert (levels.values[8], levels.values[12]) == pytest.approx((2.0, 6.5), abs=1e-4)

    stored = await client.get_sensor_data(power.id, start=start, duration=6 * HOUR, unit="kW")
    assert not power.consumption_is_positive
    assert stored.values == pytest.approx([-value for value in expected], abs=1e-6)


async def test_an_impossible_schedule_is_a_failed_job(
    client: FlexMeasuresClient, site: Asset, power: Sensor, price: Sensor
) -> None:
    """More energy than fits; the reason comes along, however the job is asked about."""
    job_id = await client.trigger_schedule(
        site.id,
        start=tomorrow(),
        duration=HOUR,
        flex_model=[
            {
                "sensor": power.id,
                "soc-at-start": "20 kWh",
                "soc-max": "10 kWh",
                "power-capacity": "5 kW",
            }
        ],
        flex_context={"consumption-price": {"sensor": price.id}},
    )

    with pytest.raises(JobFailedError, match="infeasible") as caught:
        await client.wait_for_job(job_id)
    with pytest.raises(JobFailedError, match="infeasible"):
        await client.get_schedule(power.id, job_id, duration=HOUR, unit="kW")

    assert (await client.get_job(job_id)).status is JobStatus.FAILED
    assert "infeasible" in caught.value.details["exc-info"]


async def test_refused_input_is_told_with_its_place(
    client: FlexMeasuresClient, site: Asset, power: Sensor
) -> None:
    """For people in a sentence, for code as a path; nothing is scheduled."""
    with pytest.raises(ValidationError) as caught:
        await client.trigger_schedule(
            site.id,
            start=tomorrow(),
            duration=HOUR,
            flex_model=[
                {"sensor": power.id, "soc-at-start": "2 kWh"},
                {"sensor": UNKNOWN_ID, "soc-at-start": "2 kWh"},
            ],
        )
    assert str(caught.value) == f"flex-model 1 sensor: No sensor found with ID {UNKNOWN_ID}."
    assert [field.path[-3:] for field in caught.value.fields] == [("flex-model", "1", "sensor")]

    with pytest.raises(ValidationError, match="unit"):
        await client.get_sensor_data(power.id, start=tomorrow(), duration=HOUR, unit="EUR")
    assert site.account_id is not None
    with pytest.raises(ValidationError, match=r"^name: .* already exists"):
        await client.add_asset(name=site.name, type_id=1, account_id=site.account_id)
    with pytest.raises(InvalidInputError, match="start: must have a time zone"):
        await client.trigger_schedule(site.id, start=tomorrow().replace(tzinfo=None), duration=HOUR)


async def test_what_does_not_exist_is_not_found(
    client: FlexMeasuresClient, site: Asset, power: Sensor
) -> None:
    """Whatever status the server chose for it."""
    for call in (
        client.get_account(UNKNOWN_ID),
        client.get_asset(UNKNOWN_ID),
        client.get_assets(root=UNKNOWN_ID),
        client.get_sensors(asset_id=UNKNOWN_ID),
        client.get_sensor(UNKNOWN_ID),
        client.get_sensor_data(UNKNOWN_ID, start=tomorrow(), duration=HOUR, unit="kW"),
        client.get_job(NO_JOB),
        client.get_schedule(power.id, NO_JOB, duration=HOUR, unit="kW"),
        client.trigger_schedule(UNKNOWN_ID, start=tomorrow(), duration=HOUR),
    ):
        with pytest.raises(NotFoundError):
            await call


async def test_another_accounts_things_are_out_of_reach(
    stranger: FlexMeasuresClient, site: Asset, power: Sensor
) -> None:
    """For reading and for writing."""
    assert site.account_id is not None
    for call in (
        stranger.get_account(site.account_id),
        stranger.get_assets(account_id=site.account_id),
        stranger.get_assets(root=site.id),
        stranger.get_asset(site.id),
        stranger.get_sensors(asset_id=site.id),
        stranger.get_sensor(power.id),
        stranger.get_sensor_data(power.id, start=tomorrow(), duration=HOUR, unit="kW"),
        stranger.post_sensor_data(
            power.id, start=tomorrow(), duration=QUARTER, values=[1.0], unit="kW"
        ),
        stranger.update_asset(site.id, flex_context={}),
        stranger.trigger_schedule(site.id, start=tomorrow(), duration=HOUR),
    ):
        with pytest.raises(PermissionDeniedError):
            await call
