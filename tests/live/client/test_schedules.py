"""Schedules: against a real server."""

import math

import pytest

from custom_components.flexmeasures.client import (
    Asset,
    FlexContext,
    FlexMeasuresClient,
    FlexObject,
    FlexValue,
    InvalidInputError,
    JobFailedError,
    JobStatus,
    Sensor,
    SensorReference,
    SignConvention,
    StorageFlexModel,
    TimedValue,
    ValidationError,
)

from .conftest import HOUR, QUARTER, UNKNOWN_ID, tomorrow

THIRD_HOUR = range(8, 12)
CHEAPEST = [5.0 if step in THIRD_HOUR else 0.0 for step in range(24)]


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


async def test_one_device_is_planned_by_its_sensor(
    client: FlexMeasuresClient, power: Sensor, price: Sensor
) -> None:
    """With a typed flex-model, whose targets are texts or objects; the unit is the sensor's own."""
    start = tomorrow()

    result = await client.trigger_and_get_schedule(
        sensor_id=power.id,
        start=start.isoformat(),
        duration="PT6H",
        flex_model=StorageFlexModel(
            soc_at_start="2 kWh",
            soc_min="0 kWh",
            soc_max="10 kWh",
            soc_targets=[TimedValue(value="7 kWh", datetime=(start + 6 * HOUR).isoformat())],
            power_capacity="5 kW",
            production_capacity="0 kW",
        ),
        flex_context=FlexContext(consumption_price=SensorReference(sensor=price.id)),
    )

    schedule = result.for_sensor(power.id)
    assert schedule.values == pytest.approx(CHEAPEST, abs=1e-6)
    assert (schedule.unit, schedule.start, schedule.resolution) == ("kW", start, QUARTER)
    assert len(result.schedules) == 1


async def test_the_sensors_of_stored_models_are_found(
    client: FlexMeasuresClient, site: Asset, battery: Asset, power: Sensor, price: Sensor
) -> None:
    """Below the asset, by the sensors that the stored models write to; also for a single device."""
    start = tomorrow()
    context: FlexObject = {
        "consumption-price": {"sensor": price.id},
        "site-power-capacity": "20 kW",
    }
    await client.update_asset(site.id, flex_context=context)
    await client.update_asset(
        battery.id,
        flex_model={
            "consumption": {"sensor": power.id},
            "power-capacity": "5 kW",
            "production-capacity": "0 kW",
            "soc-min": "0 kWh",
            "soc-max": "10 kWh",
        },
    )
    target: FlexObject = {"value": "7 kWh", "datetime": start + 6 * HOUR}

    by_asset = await client.trigger_and_get_schedule(
        site.id,
        start=start,
        duration=6 * HOUR,
        flex_model=[{"asset": battery.id, "soc-at-start": "2 kWh", "soc-targets": [target]}],
        unit="W",
    )
    without_model = await client.trigger_and_get_schedule(site.id, start=start, duration=6 * HOUR)

    [schedule] = by_asset.schedules
    assert schedule.sensor_id == power.id
    assert schedule.values == pytest.approx([1000 * value for value in CHEAPEST], abs=1e-3)
    [unbounded] = without_model.schedules
    assert (unbounded.sensor_id, unbounded.unit, len(unbounded.values)) == (power.id, "kW", 24)


async def test_two_devices_share_a_site(
    client: FlexMeasuresClient, site: Asset, battery: Asset, power: Sensor, price: Sensor
) -> None:
    """Each gets its own schedule, and together they keep the limit of the site."""
    start = tomorrow()
    second = await client.add_sensor(
        asset_id=battery.id, name="Second", unit="kW", resolution=QUARTER
    )
    device: dict[str, FlexValue] = {
        "soc-at-start": "0 kWh",
        "soc-min": "0 kWh",
        "soc-max": "10 kWh",
        "soc-targets": [{"value": "5 kWh", "datetime": start + 6 * HOUR}],
        "power-capacity": "5 kW",
        "production-capacity": "0 kW",
    }

    result = await client.trigger_and_get_schedule(
        asset_id=site.id,
        start=start,
        duration=6 * HOUR,
        flex_model=[{"sensor": power.id, **device}, {"sensor": second.id, **device}],
        flex_context={
            "consumption-price": {"sensor": price.id},
            "site-consumption-capacity": "5 kW",
        },
    )

    assert [schedule.sensor_id for schedule in result.schedules] == [power.id, second.id]
    together = [
        math.fsum(value or 0 for value in values)
        for values in zip(*(schedule.values for schedule in result.schedules), strict=True)
    ]
    assert max(together) == pytest.approx(5.0)
    for schedule in result.schedules:
        assert math.fsum(value or 0 for value in schedule.values) / 4 == pytest.approx(5.0)  # kWh


async def test_an_asset_without_models_has_nothing_to_plan(
    client: FlexMeasuresClient, site: Asset, power: Sensor
) -> None:
    """Which is told before a trigger of the account is used up."""
    with pytest.raises(InvalidInputError, match="flex_model"):
        await client.trigger_and_get_schedule(site.id, start=tomorrow(), duration=HOUR)

    assert await client.get_asset_jobs(site.id) == ()
