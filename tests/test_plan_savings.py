"""What plans cost and save: by hand for one step, added up by the day on the wall, and kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flexmeasures.flexible_device import DeviceKind
from custom_components.flexmeasures.plan_models import NO_SAVINGS, Baseline, DevicePlan
from custom_components.flexmeasures.plan_savings import (
    Amount,
    SavingsLedger,
    amount_of,
    baseline_of,
)
from custom_components.flexmeasures.scheduling import PriceSeries, Schedule, Tariff
from custom_components.flexmeasures.site_store import SiteStore

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def series(*prices: float | None) -> PriceSeries:
    """Return prices by hour from noon on."""
    return PriceSeries(start=NOON, resolution=HOUR, prices=prices, currency="EUR")


def plan(tariff: Tariff | None, *powers: float, **more: Any) -> DevicePlan:
    """Return a plan with these prices and powers, 2 kW for four hours where none is told."""
    schedule = Schedule(
        start=NOON,
        resolution=HOUR,
        powers=powers or (2000.0,) * 4,
        computed_at=NOON,
        schedule_id="job",
    )
    return DevicePlan(schedule=schedule, tariff=tariff, **more)


BOTH = Tariff(series(0.1, 0.2, 0.3, 0.4), series(0.05, 0.06, 0.07, None))


@pytest.mark.parametrize(
    ("baseline", "power", "hour", "cost", "saving"),
    [
        # 2 kW for half an hour at 0.20 EUR/kWh.
        (Baseline.IDLE, 2000.0, 1, 0.2, -0.2),
        # 4 kW out for half an hour at 0.07 EUR/kWh.
        (Baseline.IDLE, -4000.0, 2, -0.14, 0.14),
        # The mean of 0.1 to 0.4 is 0.25, so a kWh at 0.10 saves 0.15.
        (Baseline.MEAN_PRICE, 2000.0, 0, 0.1, 0.15),
        (Baseline.MEAN_PRICE, 2000.0, 3, 0.4, -0.15),
        # A programme that takes 1 kWh for 0.10 would have taken it for 0.35; one that takes nothing saves nothing.
        (Baseline.AT_ONCE, 2000.0, 0, 0.1, 0.25),
        (Baseline.AT_ONCE, 0.0, 0, 0.0, 0.0),
        # Nothing is known of what would have been, and of what the sun would have given.
        (Baseline.UNKNOWN, 2000.0, 0, 0.1, None),
        (Baseline.FORECAST, -2000.0, 0, -0.05, None),
    ],
)
def test_half_an_hour_of_a_plan(
    baseline: Baseline, power: float, hour: int, cost: float, saving: float | None
) -> None:
    start = NOON + hour * HOUR

    told = plan(BOTH, price_at_once=0.35)
    amount = amount_of(told, baseline, power, start, start + HOUR / 2)

    assert amount
    assert amount.cost == pytest.approx(cost)
    assert amount.saving == (None if saving is None else pytest.approx(saving))


def test_a_programme_of_which_nobody_knows_what_it_would_have_cost_saves_nothing_known() -> None:
    amount = amount_of(plan(BOTH), Baseline.AT_ONCE, 2000.0, NOON, NOON + HOUR)

    assert amount == Amount(pytest.approx(0.2), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "baseline"),
    [
        (DeviceKind.BATTERY, Baseline.IDLE),
        (DeviceKind.EV_CHARGER, Baseline.MEAN_PRICE),
        (DeviceKind.HEAT_BUFFER, Baseline.MEAN_PRICE),
        (DeviceKind.SOLAR, Baseline.FORECAST),
        (DeviceKind.PROCESS, Baseline.MEAN_PRICE),
        (DeviceKind.GENERIC, Baseline.IDLE),
        (DeviceKind.S2, Baseline.AT_ONCE),
    ],
)
def test_what_would_have_been_follows_from_the_kind_and_of_s2_devices_from_their_plan(
    kind: DeviceKind, baseline: Baseline
) -> None:
    assert baseline_of(kind, plan(BOTH, baseline=Baseline.AT_ONCE)) is baseline


# Panels of which 3 kW were forecast, at 0.05, -0.10 and -0.20 EUR/kWh; for the last hour nothing was forecast.
NEGATIVE = Tariff(series(0.3, 0.3, 0.3, 0.3), series(0.05, -0.1, -0.2, -0.2))
PANELS = plan(NEGATIVE, -3000.0, -1000.0, 0.0, 0.0, available=(3000.0, 3000.0, 3000.0, None))


@pytest.mark.parametrize(
    ("power", "hour", "cost", "saving"),
    [
        # All of it: 3 kWh are sold for 0.15, with a plan and without.
        (-3000.0, 0, -0.15, 0.0),
        # 1 kWh instead of 3 kWh costs 0.10 instead of 0.30.
        (-1000.0, 1, 0.1, 0.2),
        # Nothing instead of 3 kWh that would have cost 0.60.
        (0.0, 2, 0.0, 0.6),
        (0.0, 3, 0.0, None),
    ],
)
def test_panels_save_what_giving_all_would_have_cost(
    power: float, hour: int, cost: float, saving: float | None
) -> None:
    start = NOON + hour * HOUR

    amount = amount_of(PANELS, Baseline.FORECAST, power, start, start + HOUR)

    assert amount
    assert amount.cost == pytest.approx(cost)
    assert amount.saving == (None if saving is None else pytest.approx(saving))


def test_panels_that_give_less_than_they_could_at_a_good_price_save_less_than_nothing() -> None:
    """Such as for a limit of the site: 2 kWh are not sold for 0.05 each."""
    limited = plan(NEGATIVE, -1000.0, available=(3000.0,))

    amount = amount_of(limited, Baseline.FORECAST, -1000.0, NOON, NOON + HOUR)

    assert amount
    assert (amount.cost, amount.saving) == pytest.approx((-0.05, -0.1))


@pytest.mark.parametrize("forecast", [(2999.0,), (2950.0,), (3100.0,)])
def test_panels_that_are_not_limited_save_nothing(forecast: tuple[float, ...]) -> None:
    """A plan that differs from the forecast by rounding alone limits nothing; nor can it give more than all."""
    free = plan(NEGATIVE, -3000.0, available=forecast)
    amount = amount_of(free, Baseline.FORECAST, -3000.0, NOON + HOUR / 2, NOON + HOUR)

    assert amount
    assert amount.saving == (pytest.approx(-0.0025) if forecast == (3100.0,) else 0)


def test_panels_without_a_price_of_production_count_nothing() -> None:
    unknown = Tariff(series(0.3), series(None))

    panels = plan(unknown, 0.0, available=(3000.0,))
    assert amount_of(panels, Baseline.FORECAST, -1.0, NOON, NOON + HOUR) is None
    assert amount_of(plan(None, 0.0), Baseline.FORECAST, 0.0, NOON, NOON + HOUR) is None


def test_without_a_price_nothing_is_counted() -> None:
    end = NOON + 4 * HOUR

    assert amount_of(plan(None), Baseline.IDLE, 1000.0, NOON, end) is None
    assert amount_of(plan(BOTH), Baseline.IDLE, -1000.0, end - HOUR, end) is None
    assert amount_of(plan(BOTH), Baseline.IDLE, 1000.0, end, end + HOUR) is None


@pytest.fixture
async def store(hass: HomeAssistant) -> SiteStore:
    """Return the empty memory of a site in Amsterdam."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    store = SiteStore(hass, "entry")
    await store.async_load()
    return store


async def after_restart(hass: HomeAssistant) -> SiteStore:
    """Return what the site remembers after Home Assistant was started again."""
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
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


async def test_a_saving_of_which_nothing_is_known_is_not_one_of_0(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    store: SiteStore,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Also after a restart; what is known afterwards counts, and what is not known then takes nothing away."""
    freezer.move_to(NOON)
    ledger = SavingsLedger(store, ("panels",))
    ledger.async_add("panels", Amount(0.0, None), "EUR", NOON)
    assert ledger.of("panels").saving_today is None
    ledger = SavingsLedger(await after_restart(hass), ("panels",))
    assert ledger.of("panels").saving_this_month is None

    ledger.async_add("panels", Amount(0.0, 0.5), "EUR", NOON)
    ledger.async_add("panels", Amount(0.0, None), "EUR", NOON)
    savings = ledger.of("panels")
    assert (savings.saving_today, savings.saving_this_month) == (0.5, 0.5)

    freezer.move_to(NOON + timedelta(days=1))
    assert ledger.of("panels").saving_today == 0


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

    again = await after_restart(hass)

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
