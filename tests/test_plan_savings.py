"""What plans cost and save: by hand for one step, added up by the day on the wall, and kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.plan_models import NO_SAVINGS, DevicePlan
from custom_components.flexmeasures.plan_savings import Amount, SavingsLedger, amount_of
from custom_components.flexmeasures.scheduling import PriceSeries, Schedule, Tariff
from custom_components.flexmeasures.site_store import SiteStore

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def series(*prices: float | None) -> PriceSeries:
    """Return prices by hour from noon on."""
    return PriceSeries(start=NOON, resolution=HOUR, prices=prices, currency="EUR")


def plan(tariff: Tariff | None, hours: int = 4) -> DevicePlan:
    """Return a plan with these prices."""
    schedule = Schedule(
        start=NOON,
        resolution=HOUR,
        powers=(2000.0,) * hours,
        computed_at=NOON,
        schedule_id="job",
    )
    return DevicePlan(schedule=schedule, tariff=tariff)


BOTH = Tariff(series(0.1, 0.2, 0.3, 0.4), series(0.05, 0.06, 0.07, None))


@pytest.mark.parametrize(
    ("kind", "power", "hour", "cost", "saving"),
    [
        # 2 kW for half an hour at 0.20 EUR/kWh.
        (DeviceKind.BATTERY, 2000.0, 1, 0.2, -0.2),
        # 4 kW out for half an hour at 0.07 EUR/kWh.
        (DeviceKind.BATTERY, -4000.0, 2, -0.14, 0.14),
        # The mean of 0.1 to 0.4 is 0.25, so a kWh at 0.10 saves 0.15.
        (DeviceKind.EV_CHARGER, 2000.0, 0, 0.1, 0.15),
        (DeviceKind.PROCESS, 2000.0, 3, 0.4, -0.15),
        (DeviceKind.SOLAR, -2000.0, 0, -0.05, None),
    ],
)
def test_half_an_hour_of_a_plan(
    kind: DeviceKind, power: float, hour: int, cost: float, saving: float | None
) -> None:
    start = NOON + hour * HOUR

    amount = amount_of(plan(BOTH), kind, power, start, start + HOUR / 2)

    assert amount
    assert amount.cost == pytest.approx(cost)
    assert amount.saving == (None if saving is None else pytest.approx(saving))


def test_without_a_price_nothing_is_counted() -> None:
    end = NOON + 4 * HOUR

    assert amount_of(plan(None), DeviceKind.BATTERY, 1000.0, NOON, end) is None
    assert amount_of(plan(BOTH), DeviceKind.BATTERY, -1000.0, end - HOUR, end) is None
    assert amount_of(plan(BOTH), DeviceKind.BATTERY, 1000.0, end, end + HOUR) is None


@pytest.fixture
async def store(hass: HomeAssistant) -> SiteStore:
    """Return the empty memory of a site in Amsterdam."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    store = SiteStore(hass, "entry")
    await store.async_load()
    return store


async def test_amounts_add_up_until_the_day_and_the_month_on_the_wall_end(
    store: SiteStore, freezer: FrozenDateTimeFactory
) -> None:
    ledger = SavingsLedger(store, ("car",))
    # 23:30 in Amsterdam.
    evening = datetime(2026, 11, 29, 22, 30, tzinfo=UTC)
    freezer.move_to(evening)
    assert ledger.of("car") is NO_SAVINGS
    ledger.async_add("car", Amount(1.0, 0.25), "EUR", evening)
    ledger.async_add("car", Amount(2.0, None), "EUR", evening)
    savings = ledger.of("car")
    assert (savings.cost_today, savings.saving_today) == (3.0, 0.25)
    assert (savings.cost_this_month, savings.saving_this_month) == (3.0, 0.25)
    assert (savings.currency, savings.since) == ("EUR", evening)

    freezer.move_to(evening + HOUR)
    savings = ledger.of("car")
    assert (savings.cost_today, savings.cost_this_month) == (0.0, 3.0)

    ledger.async_add("car", Amount(0.5, 0.0), "EUR", evening + HOUR)
    assert ledger.of("car").cost_this_month == 3.5
    freezer.move_to(evening + timedelta(days=1, hours=1))
    savings = ledger.of("car")
    assert (savings.cost_today, savings.cost_this_month) == (0.0, 0.0)


async def test_with_another_currency_counting_begins_anew(
    store: SiteStore, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NOON)
    ledger = SavingsLedger(store, ("car",))
    ledger.async_add("car", Amount(1.0, 0.0), "EUR", NOON)
    ledger.async_add("car", Amount(2.0, 0.0), "GBP", NOON)

    assert (ledger.of("car").currency, ledger.of("car").cost_today) == ("GBP", 2.0)


async def test_savings_survive_a_restart(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    store: SiteStore,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to(NOON)
    ledger = SavingsLedger(store, ("car",))
    ledger.async_add("car", Amount(1.0, 0.5), "EUR", NOON)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()

    again = SiteStore(hass, "entry")
    await again.async_load()

    assert SavingsLedger(again, ("car",)).of("car") == ledger.of("car")


@pytest.mark.parametrize("changes", [{"cost_today": None}, {"currency": 5}, {"day": None}])
async def test_what_are_no_savings_is_dropped(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    changes: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    record = {
        "day": "2026-11-22",
        "month": "2026-11",
        "currency": "EUR",
        "since": NOON.isoformat(),
        "cost_today": 1.0,
        "cost_this_month": 1.0,
        "saving_today": 1.0,
        "saving_this_month": 1.0,
    }
    data = {"savings": {"car": {**record, **changes}}}
    hass_storage["flexmeasures.entry"] = {"version": 1, "data": data}
    store = SiteStore(hass, "entry")
    await store.async_load()

    assert SavingsLedger(store, ("car",)).of("car") is NO_SAVINGS
    assert "Kept savings are dropped" in caplog.text
