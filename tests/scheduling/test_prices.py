"""Prices over time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.scheduling import PriceRow, PriceSeries, StepPrices, Tariff

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def series(*prices: float | None, currency: str = "EUR") -> PriceSeries:
    """Return hourly prices from noon on."""
    return PriceSeries(start=NOON, resolution=HOUR, prices=prices, currency=currency)


def test_a_price_holds_until_the_next_and_may_be_negative_or_unknown() -> None:
    prices = series(0.3, -0.1, None)

    assert prices.price_at(NOON + HOUR - timedelta(microseconds=1)) == 0.3
    assert prices.price_at(NOON + HOUR) == -0.1
    assert prices.price_at(NOON + 2 * HOUR) is None
    assert prices.price_at(NOON + 3 * HOUR) is None
    assert prices.price_at(NOON - timedelta(microseconds=1)) is None
    assert prices.end == NOON + 3 * HOUR


def test_coverage_ends_at_the_first_gap() -> None:
    prices = series(0.3, 0.2, None, 0.1)

    assert prices.covered_until(NOON) == NOON + 2 * HOUR
    assert prices.covered_until(NOON + 1.5 * HOUR) == NOON + 2 * HOUR
    assert prices.covered_until(NOON + 2 * HOUR) is None
    assert prices.covered_until(NOON + 3.5 * HOUR) == NOON + 4 * HOUR
    assert prices.covered_until(NOON + 4 * HOUR) is None


def test_a_mean_weighs_by_time_and_needs_every_price() -> None:
    """A quarter of an hour at 0.4 and three at 0.2."""
    prices = series(0.4, 0.2, None)

    assert prices.mean(NOON + 3 * QUARTER, NOON + 7 * QUARTER) == pytest.approx(0.25)
    assert prices.mean(NOON, NOON + QUARTER) == 0.4
    assert prices.mean(NOON + HOUR, NOON + 2.25 * HOUR) is None
    assert prices.mean(NOON - QUARTER, NOON + QUARTER) is None
    assert prices.mean(NOON - HOUR, NOON) is None
    assert prices.mean(NOON + 5 * HOUR, NOON + 6 * HOUR) is None


def test_prices_are_told_for_steps() -> None:
    prices = series(0.4, 0.2)

    assert prices.on_steps(NOON + HOUR / 2, HOUR / 2, 4) == (0.4, 0.2, 0.2, None)
    assert prices.resampled(2 * HOUR).prices == pytest.approx((0.3,))
    assert prices.resampled(QUARTER).prices == (0.4,) * 4 + (0.2,) * 4
    shifted = PriceSeries(start=NOON + HOUR, resolution=HOUR, prices=(0.4, 0.2), currency="EUR")
    assert shifted.resampled(2 * HOUR).prices == (None, None)
    assert shifted.resampled(2 * HOUR).start == NOON


def test_irregular_rows_become_a_grid() -> None:
    """Half an hour at 0.1, then 0.3 until two o'clock, a gap, and a quarter that is not whole."""
    rows = [
        PriceRow(NOON + HOUR / 2, NOON + 2 * HOUR, 0.3),
        PriceRow(NOON, NOON + HOUR / 2, 0.1),
        PriceRow(NOON + 2 * HOUR, NOON + 3 * HOUR, None),
        PriceRow(NOON + 3 * HOUR, NOON + 3 * HOUR + QUARTER, -0.2),
    ]

    prices = PriceSeries.from_rows(rows, resolution=HOUR, currency="EUR")

    assert prices.start == NOON
    assert prices.prices == pytest.approx((0.2, 0.3, None, None))
    fine = PriceSeries.from_rows(rows, resolution=QUARTER, currency="EUR")
    assert fine.price_at(NOON + 3 * HOUR) == pytest.approx(-0.2)


def test_the_night_of_the_clock_change_has_25_hours() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    midnight = datetime(2026, 10, 25, tzinfo=zone)
    rows = [PriceRow(midnight, datetime(2026, 10, 26, tzinfo=zone), 0.2)]

    prices = PriceSeries.from_rows(rows, resolution=HOUR, currency="EUR")

    assert prices.prices == pytest.approx((0.2,) * 25)
    assert prices.start == datetime(2026, 10, 24, 22, tzinfo=UTC)


@given(
    cuts=st.lists(st.integers(1, 600), min_size=2, max_size=12, unique=True),
    values=st.lists(st.floats(-1, 1), min_size=12, max_size=12),
    minutes=st.sampled_from([5, 15, 30, 60]),
)
def test_resampling_keeps_what_a_constant_power_costs(
    cuts: list[int], values: list[float], minutes: int
) -> None:
    """Rows without a gap between two full intervals: the sums over time are equal."""
    bounds = [0, *sorted(cuts), 660]
    rows = [
        PriceRow(NOON + timedelta(minutes=begin), NOON + timedelta(minutes=end), value)
        for begin, end, value in zip(bounds, bounds[1:], values, strict=False)
    ]
    rows[-1] = PriceRow(rows[-1].start, NOON + 11 * HOUR, rows[-1].price)

    prices = PriceSeries.from_rows(rows, resolution=timedelta(minutes=minutes), currency="EUR")

    paid = sum((row.end - row.start) / HOUR * (row.price or 0) for row in rows)
    resampled = sum((price or 0) * minutes / 60 for price in prices.prices)
    assert None not in prices.prices
    assert resampled == pytest.approx(paid, abs=1e-9)
    assert prices.mean(NOON, NOON + 11 * HOUR) == pytest.approx(paid / 11, abs=1e-9)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "at least one row"),
        ([PriceRow(NOON, NOON, 0.1)], "end after its start"),
        ([PriceRow(NOON, NOON + HOUR, 0.1), PriceRow(NOON, NOON + HOUR, 0.1)], "overlap"),
        ([PriceRow(datetime(2026, 1, 1), NOON, 0.1)], "time zone"),
    ],
)
def test_rows_that_are_no_series_are_refused(rows: list[PriceRow], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        PriceSeries.from_rows(rows, resolution=HOUR, currency="EUR")


def test_what_is_no_series_is_refused() -> None:
    with pytest.raises(ValueError, match="positive length"):
        PriceSeries(start=NOON, resolution=timedelta(0), prices=(1,), currency="EUR")
    with pytest.raises(ValueError, match="finite"):
        series(float("nan"))
    with pytest.raises(ValueError, match="time zone"):
        PriceSeries(start=datetime(2026, 1, 1), resolution=HOUR, prices=(1,), currency="EUR")


def test_a_tariff_has_one_currency_and_reaches_as_far_as_both_prices() -> None:
    tariff = Tariff(series(0.3, 0.2, 0.1), series(0.1, 0.05, None))

    assert tariff.currency == "EUR"
    assert tariff.covered_until(NOON) == NOON + 2 * HOUR
    assert tariff.covered_until(NOON + 2 * HOUR) is None
    assert Tariff(series(0.3, 0.2)).covered_until(NOON) == NOON + 2 * HOUR
    with pytest.raises(ValueError, match="one currency"):
        Tariff(series(0.3), series(0.3, currency="NOK"))


def test_consuming_costs_one_price_and_producing_earns_the_other() -> None:
    """2 kW for half an hour at 0.3, and 4 kW for half an hour at 0.1."""
    prices = Tariff(series(0.3), series(0.1)).on_steps(NOON, HOUR / 2, 3)

    assert prices.cost(0, 2000) == pytest.approx(0.3)
    assert prices.cost(1, -4000) == pytest.approx(-0.2)
    assert prices.cost(2, 0) == 0
    assert prices.cost(2, 100) is None
    assert prices.cost(0, None) is None
    assert prices.total((2000, -4000, 0)) == pytest.approx(0.1)
    assert prices.total((2000, -4000, 1)) is None


def test_without_a_price_of_production_it_earns_what_consumption_costs() -> None:
    prices = Tariff(series(0.3)).on_steps(NOON, HOUR, 1)

    assert prices == StepPrices((0.3,), (0.3,), HOUR)
    assert prices.cost(0, -1000) == pytest.approx(-0.3)
