"""The simulated energy contract: a price per hour for taking power and one for giving it back."""

from datetime import datetime, timedelta, tzinfo

HOUR = timedelta(hours=1)

# Day 0 starts at the anchor, and the anchor is the hour in which the demo was first started. So the demo
# begins in its cheapest hours, with an expensive peak some hours later: the very first schedule has something
# to do at once (charge), whatever the time of day at which somebody tries it.
PRICES_OF_DAY = (
    *(0.09, 0.09, 0.10, 0.19, 0.24, 0.29, 0.38, 0.42),
    *(0.40, 0.33, 0.27, 0.24, 0.21, 0.19, 0.17, 0.16),
    *(0.15, 0.17, 0.21, 0.26, 0.29, 0.25, 0.20, 0.15),
)
# Later days differ a little, as real ones do. A factor per day keeps the order of hours within it.
FACTORS_OF_DAYS = (1.0, 1.06, 0.95, 1.02, 0.91, 1.1, 0.98)
# EUR/kWh less on days with more sun and wind than anybody needs: taking power then pays for some hours.
DISCOUNTS_OF_DAYS = (0.0, 0.0, 0.12, 0.0, 0.0, 0.0, 0.11)

# What the supplier keeps of each kWh that is given back: taxes and its margin.
FEED_IN_DISCOUNT = 0.05


def consumption_price(hour: datetime, anchor: datetime) -> float:
    """Return the price of taking power during the hour that starts at ``hour``, in EUR/kWh; seldom negative."""
    days, position = divmod((hour - anchor) // HOUR, len(PRICES_OF_DAY))
    kind = days % len(FACTORS_OF_DAYS)
    return round(PRICES_OF_DAY[position] * FACTORS_OF_DAYS[kind] - DISCOUNTS_OF_DAYS[kind], 4)


def feed_in_price(hour: datetime, anchor: datetime) -> float:
    """Return what giving power back pays during the hour that starts at ``hour``, in EUR/kWh; may be negative."""
    return round(consumption_price(hour, anchor) - FEED_IN_DISCOUNT, 4)


def hours_of_day(now: datetime, zone: tzinfo, *, days_ahead: int = 0) -> list[datetime]:
    """Return the starts of all hours of a local day, in UTC: 24 of them, or 23 and 25 when clocks change."""
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    start = midnight + timedelta(days=days_ahead)
    end = start + timedelta(days=1)
    first, last = start.timestamp(), end.timestamp()
    return [
        datetime.fromtimestamp(first + 3600 * number, tz=now.tzinfo)
        for number in range(round((last - first) / 3600))
    ]


def start_of_hour(now: datetime) -> datetime:
    """Return the start of the hour that ``now`` lies in."""
    return now.replace(minute=0, second=0, microsecond=0)
