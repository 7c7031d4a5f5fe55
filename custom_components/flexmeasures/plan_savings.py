"""What carrying plans out cost and saved, counted while it happens and kept across restarts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .client import JsonObject
from .const import LOGGER
from .flexible_device import DeviceKind
from .listeners import Listeners
from .plan_models import NO_SAVINGS, Baseline, DevicePlan, Savings
from .records import as_text, kept_number, kept_text, kept_time, needed_number
from .site_store import Section, SiteStore

_SECTION = "savings"
_HOUR = timedelta(hours=1)
_WATTS_PER_KILOWATT = 1000
# What an S2 device would have done without a plan tells only the device itself.
_BASELINES: Mapping[DeviceKind, Baseline] = {
    DeviceKind.BATTERY: Baseline.IDLE,
    DeviceKind.EV_CHARGER: Baseline.MEAN_PRICE,
    DeviceKind.HEAT_BUFFER: Baseline.MEAN_PRICE,
    DeviceKind.SOLAR: Baseline.FORECAST,
    DeviceKind.PROCESS: Baseline.MEAN_PRICE,
    DeviceKind.GENERIC: Baseline.IDLE,
}


@dataclass(frozen=True, slots=True)
class Amount:
    """What a piece of a plan cost and saved, in its prices' currency.

    Attributes:
        saving: None where it is not known what would have been without a plan.
    """

    cost: float
    saving: float | None


def baseline_of(kind: DeviceKind, plan: DevicePlan) -> Baseline:
    """Return what a device of a kind would have done without the plan."""
    return _BASELINES.get(kind, plan.baseline)


def amount_of(
    plan: DevicePlan, baseline: Baseline, power: float, start: datetime, end: datetime
) -> Amount | None:
    """Return what following a power (W, consumption positive) within one step of a plan cost and saved.

    Returns:
        None where its price is not known.
    """
    if plan.tariff is None:
        return None
    series = plan.tariff.consumption
    if power < 0 or baseline is Baseline.FORECAST:
        series = plan.tariff.production or series
    price = series.price_at(start)
    if price is None:
        return None
    energy = _energy(power, start, end)
    cost = price * energy
    match baseline:
        case Baseline.IDLE:
            return Amount(cost, -cost)
        case Baseline.FORECAST:
            produced = _uncurtailed_power(plan, power, start)
            saving = None if produced is None else price * _energy(produced, start, end) - cost
            return Amount(cost, saving)
        case Baseline.MEAN_PRICE:
            return _compared(cost, energy, _mean_price(plan))
        case Baseline.AT_ONCE:
            return _compared(cost, energy, plan.price_at_once)
        case Baseline.UNKNOWN:
            return Amount(cost, None)


def _compared(cost: float, energy: float, price: float | None) -> Amount:
    """Return an amount beside the same kWh at another price; where nothing is taken, that price does not matter."""
    if not energy:
        return Amount(cost, 0.0)
    return Amount(cost, None if price is None else price * energy - cost)


def _energy(power: float, start: datetime, end: datetime) -> float:
    """Return kWh of a power in W."""
    return power / _WATTS_PER_KILOWATT * ((end - start) / _HOUR)


def _uncurtailed_power(plan: DevicePlan, power: float, time: datetime) -> float | None:
    """Return the W (consumption positive) that panels would have given without a plan, as far as was forecast.

    What is not limited gives the same with a plan and without. While panels are limited, nothing measures what they could
    give, so only the forecast tells; None where there was none.
    """
    step = (time - plan.schedule.start) // plan.schedule.resolution
    available = plan.available[step] if 0 <= step < len(plan.available) else None
    if available is None:
        return None
    return power if step in plan.for_control.unlimited else min(power, -available)


def _mean_price(plan: DevicePlan) -> float | None:
    assert plan.tariff
    schedule = plan.schedule
    prices = plan.tariff.consumption.on_steps(
        schedule.start, schedule.resolution, len(schedule.powers)
    )
    known = [price for price in prices if price is not None]
    return sum(known) / len(known) if known else None


@dataclass(frozen=True, slots=True)
class _Account:
    """One device's amounts, with the local day and month that they are of."""

    savings: Savings
    day: str
    month: str

    def on(self, moment: datetime) -> _Account:
        """Return the account at a moment: a new day, or month, begins with nothing."""
        local = dt_util.as_local(moment)
        day, month = f"{local:%Y-%m-%d}", f"{local:%Y-%m}"
        savings = self.savings
        if month != self.month:
            savings = replace(savings, cost_this_month=0.0, saving_this_month=0.0)
        if day != self.day:
            savings = replace(savings, cost_today=0.0, saving_today=0.0)
        return _Account(savings, day, month)


class SavingsLedger:
    """Adds up the amounts of every device by local day and month.

    Attributes:
        listeners: called with every amount.
    """

    def __init__(self, store: SiteStore, device_ids: tuple[str, ...]) -> None:
        """Take up what was counted before a restart."""
        self._store = store
        self._accounts: dict[str, _Account] = {}
        for device_id in device_ids:
            if record := store.record(_SECTION, device_id):
                try:
                    self._accounts[device_id] = _from_record(record)
                except ValueError as error:
                    LOGGER.warning("Kept savings are dropped: %s", error)
        self.listeners = Listeners()
        store.async_provide(_SECTION, self._records)

    def of(self, device_id: str) -> Savings:
        """Return the device's amounts as of now."""
        account = self._accounts.get(device_id)
        return account.on(dt_util.utcnow()).savings if account else NO_SAVINGS

    @callback
    def async_add(self, device_id: str, amount: Amount, currency: str, moment: datetime) -> None:
        """Add an amount to the day of a moment; with another currency counting begins anew."""
        account = self._accounts.get(device_id)
        if account is None or account.savings.currency != currency:
            account = _Account(Savings(currency=currency, since=moment), "", "")
        account = account.on(moment)
        savings = account.savings
        self._accounts[device_id] = replace(
            account,
            savings=replace(
                savings,
                cost_today=savings.cost_today + amount.cost,
                cost_this_month=savings.cost_this_month + amount.cost,
                saving_today=_sum(savings.saving_today, amount.saving),
                saving_this_month=_sum(savings.saving_this_month, amount.saving),
            ),
        )
        self._store.async_changed()
        self.listeners.async_call()

    def _records(self) -> Section:
        return {device_id: _as_record(account) for device_id, account in self._accounts.items()}


def _sum(total: float | None, saving: float | None) -> float | None:
    """Return what is known of a saving; None while that is nothing, which is not to be taken for a saving of 0."""
    if saving is None:
        return total or None
    return (total or 0.0) + saving


def _as_record(account: _Account) -> JsonObject:
    savings = account.savings
    return {
        "day": account.day,
        "month": account.month,
        "currency": savings.currency,
        "since": as_text(savings.since),
        "cost_today": savings.cost_today,
        "cost_this_month": savings.cost_this_month,
        "saving_today": savings.saving_today,
        "saving_this_month": savings.saving_this_month,
    }


def _from_record(record: JsonObject) -> _Account:
    """Return the account that was kept.

    Raises:
        ValueError: it is none.
    """
    savings = Savings(
        currency=kept_text(record, "currency"),
        since=kept_time(record, "since"),
        cost_today=needed_number(record, "cost_today"),
        cost_this_month=needed_number(record, "cost_this_month"),
        saving_today=kept_number(record, "saving_today"),
        saving_this_month=kept_number(record, "saving_this_month"),
    )
    return _Account(savings, kept_text(record, "day"), kept_text(record, "month"))
