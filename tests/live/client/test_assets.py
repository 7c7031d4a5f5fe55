"""Assets and what belongs to them: against a real server."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.client import (
    Asset,
    FlexMeasuresClient,
    NotFoundError,
    PermissionDeniedError,
    Sensor,
)

from .conftest import HOUR, NO_JOB, QUARTER, UNKNOWN_ID, tomorrow


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


async def test_assets_are_filtered_by_the_server(
    client: FlexMeasuresClient, site: Asset, battery: Asset
) -> None:
    """By depth, type and words; sorted, and in pages."""
    [alone] = await client.get_assets(root=site.id, depth=0)
    types = {kind.name: kind.id for kind in await client.get_asset_types()}
    [by_type] = await client.get_assets(type_id=types["battery"])
    [by_word] = await client.get_assets(search="Batt")
    descending = await client.get_assets(sort_by="name", sort_dir="desc")
    pages = [await client.get_assets(page=page, per_page=1, sort_by="id") for page in (1, 2, 3)]

    assert (alone, by_type, by_word) == (site, battery, battery)
    assert descending == (site, battery)
    assert pages == [(site,), (battery,), ()]


async def test_only_the_fields_that_were_asked_for_come(
    client: FlexMeasuresClient, site: Asset
) -> None:
    """What makes lists slow can be left out, and the rarer fields asked for."""
    [lean] = await client.get_assets(fields=[])
    await client.update_asset(site.id, description="Ours", external_id="X-1")
    [rich] = await client.get_assets(fields=["description", "external_id", "flex_context"])

    assert (lean.name, lean.type_name, lean.flex_context, lean.latitude) == (
        site.name,
        "building",
        {},
        None,
    )
    assert (rich.description, rich.external_id) == ("Ours", "X-1")
    assert rich.flex_context == site.flex_context


async def test_other_assets_come_when_asked_for(client: FlexMeasuresClient, site: Asset) -> None:
    """Public ones belong to nobody."""
    public = await client.get_public_assets()

    assert all(asset.account_id is None for asset in public)
    assert await client.get_assets() == (site,)
    for assets in (
        await client.get_assets(include_public=True),
        await client.get_assets(all_accessible=True),
    ):
        assert {asset.id for asset in assets} == {site.id, *(asset.id for asset in public)}


async def test_attributes_are_merged(client: FlexMeasuresClient, battery: Asset) -> None:
    """Nothing that somebody else keeps there is lost, and nothing else changes."""
    await client.update_asset(battery.id, attributes={"plate": "AB-123", "old": 1})
    await client.update_asset(battery.id, {"attributes": {"old": None}, "longitude": 5.5})
    updated = await client.update_asset(battery.id, name="Vehicle", latitude=52.5)

    assert updated.attributes == {"plate": "AB-123", "old": None}
    assert (updated.name, updated.latitude, updated.longitude) == ("Vehicle", 52.5, 5.5)
    assert updated.parent_id == battery.parent_id
    assert await client.get_asset(battery.id) == updated


async def test_an_asset_is_added_with_everything(client: FlexMeasuresClient, site: Asset) -> None:
    """Below the site, in the user's own account."""
    types = {kind.name: kind.id for kind in await client.get_asset_types()}
    added = await client.add_asset(
        name="Roof",
        type_id=types["solar"],
        parent_id=site.id,
        description="South",
        external_id="PV",
        flex_model={"power_capacity": "5 kW"},
        attributes={"tilt": 30},
        sensors_to_show=[],
    )

    assert (added.account_id, added.parent_id) == (site.account_id, site.id)
    assert (added.description, added.external_id) == ("South", "PV")
    assert added.flex_model == {"power-capacity": "5 kW"}
    assert added.attributes == {"tilt": 30}


async def test_a_copy_has_everything_but_values(
    client: FlexMeasuresClient, site: Asset, battery: Asset, power: Sensor
) -> None:
    """And goes with everything below it when it is deleted."""
    copy = await client.copy_asset(site.id)

    tree = await client.get_assets(root=copy.id)
    [sensor] = await client.get_sensors(copy.id)
    assert [asset.type_name for asset in tree] == ["building", "battery"]
    assert copy.flex_context == site.flex_context
    assert (sensor.name, sensor.unit, sensor.resolution) == ("Power", "kW", QUARTER)

    inside = await client.copy_asset(battery.id, parent_id=site.id, account_id=site.account_id)
    assert inside.parent_id == site.id

    await client.delete_asset(copy.id)
    with pytest.raises(NotFoundError):
        await client.get_asset(copy.id)
    with pytest.raises(NotFoundError):
        await client.get_sensor(sensor.id)


async def test_notes_are_added_and_read(
    client: FlexMeasuresClient, site: Asset, power: Sensor
) -> None:
    """To the asset and to its account; the same one twice is one."""
    start = tomorrow()
    note = await client.add_annotation(
        asset_id=site.id,
        content="Strike at the port, which takes all day and then some more until late at night",
        start=start,
        end=start + 2 * HOUR,
        type="alert",
        prior=start - HOUR,
    )
    again = await client.add_annotation(
        asset_id=site.id,
        content=note.content,
        start=start,
        end=start + 2 * HOUR,
        type="alert",
        prior=start - HOUR,
    )
    account = await client.add_annotation(
        account_id=site.account_id,
        content="Holiday",
        start=start - HOUR,
        end=start + 3 * HOUR,
        type="holiday",
    )
    sensor = await client.add_annotation(
        sensor_id=power.id, content="New meter", start=start, end=start + HOUR
    )

    assert again == note
    assert (note.type, note.start, note.end) == ("alert", start, start + 2 * HOUR)
    assert note.recorded_at == start - HOUR
    assert (account.type, sensor.type) == ("holiday", "label")
    assert len({note.id, account.id, sensor.id}) == 3

    read = await client.get_annotations(site.id, start=start - 2 * HOUR, end=start + 9 * HOUR)
    assert {(item.content, item.type, item.start, item.end) for item in read} == {
        (note.content, "alert", start, start + 2 * HOUR),
        ("Holiday", "holiday", start - HOUR, start + 3 * HOUR),
    }
    assert (
        await client.get_annotations(site.id, start=start + 9 * HOUR, end=start + 10 * HOUR) == ()
    )


async def test_key_figures_summarise_what_the_asset_names(
    client: FlexMeasuresClient, site: Asset
) -> None:
    """In one number per sensor."""
    day = timedelta(days=1)
    sensor = await client.add_sensor(asset_id=site.id, name="Cost", unit="EUR", resolution=day)
    start = sensor_day = (tomorrow() + day).replace(hour=0)
    await client.post_sensor_data(sensor.id, sensor_day, 2 * day, [1.5, 2.25], "EUR", wait=True)
    shown = [{"title": "Cost", "sensor": sensor.id, "function": "sum"}]
    await client.update_asset(site.id, updates={"sensors_to_show_as_kpis": shown})

    [figure] = await client.get_kpis(site.id, start=start, end=start + 2 * day)

    assert (figure.sensor_id, figure.title, figure.unit) == (sensor.id, "Cost", "EUR")
    assert (figure.function, figure.value) == ("sum", 3.75)
    assert await client.get_kpis((await client.get_asset(site.id)).id, start=start, end=start + day)


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
