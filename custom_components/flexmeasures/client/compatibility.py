"""What older servers do otherwise: all that we know of them stands here, for versions 0.28 to 0.33."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
import re
from typing import Final

from yarl import URL

from .answers import Answer, redirection
from .errors import ServerTooOldError, UnexpectedResponseError
from .models import Asset, SensorSchedule, SignConvention

# The first with data of a sensor by its id and with one schedule for several devices of an asset.
MINIMUM_SERVER_VERSION: Final = "0.28.0"

TREES_SINCE: Final = "0.31.0"  # GET /assets reads root, depth and fields; before, it overlooks them
RESOLUTION_SINCE: Final = "0.31.0"  # a schedule's resolution can be chosen
UNIT_SINCE: Final = "0.32.0"  # of a schedule can be chosen; before, the server refuses the question
JOBS_SINCE: Final = "0.33.0"  # GET /jobs, sign-convention, force-new-job-creation for assets
KEBAB_CASE_SINCE: Final = "1.0.0"  # names in queries

_FORMER_NAMES: Final = {
    "account": "account_id",
    "asset": "asset_id",
    "per-page": "per_page",
    "sort-by": "sort_by",
    "sort-dir": "sort_dir",
}
# Into watts or watt-hours.
_POWER: Final = {"W": 1.0, "kW": 1e3, "MW": 1e6, "GW": 1e9}
_ENERGY: Final = {"Wh": 1.0, "kWh": 1e3, "MWh": 1e6, "GWh": 1e9}
_FALLBACK: Final = re.compile(r"/api/v3_0/sensors/\d+/schedules/(?P<id>[0-9A-Za-z_-]+)/?$")


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: development versions and candidates count as the release they lead to."""
    match = re.match(r"\d{1,6}(?:\.\d{1,6})*", version.strip())
    return tuple(int(number) for number in match[0].split(".")) if match else ()


def is_older(version: str | None, minimum: str) -> bool:
    """Tell whether a server lacks what came with `minimum`; one that does not say is taken for a current one."""
    return version is not None and release(version) < release(minimum)


def list_query(query: Mapping[str, str], version: str | None) -> dict[str, str]:
    """Return the query of a list in the server's names; it overlooks others silently."""
    if not is_older(version, KEBAB_CASE_SINCE):
        return dict(query)
    return {_FORMER_NAMES.get(name, name): value for name, value in query.items()}


def subtree(assets: tuple[Asset, ...], root: int, depth: int | None = None) -> tuple[Asset, ...]:
    """Return the root and what is below it, at most `depth` levels, in the given order."""
    children: dict[int | None, list[int]] = {}
    for asset in assets:
        children.setdefault(asset.parent_id, []).append(asset.id)
    kept: set[int] = set()
    level = [asset.id for asset in assets if asset.id == root]
    while level and (depth is None or depth >= 0):
        kept.update(level)
        level = [
            child for parent in level for child in children.get(parent, ()) if child not in kept
        ]
        depth = None if depth is None else depth - 1
    return tuple(asset for asset in assets if asset.id in kept)


def trigger_body(
    body: Mapping[str, object], version: str | None, now: datetime
) -> dict[str, object]:
    """Return the body of a schedule trigger as the server reads it.

    Before 0.33 a new job cannot be demanded. The same request gives the same job there, so another `prior` makes
    it another request.

    Raises:
        ServerTooOldError: the resolution cannot be chosen.
    """
    adapted = dict(body)
    if "resolution" in body and is_older(version, RESOLUTION_SINCE):
        raise ServerTooOldError(
            version=version, minimum=RESOLUTION_SINCE, call="the resolution of a schedule"
        )
    if is_older(version, JOBS_SINCE) and adapted.pop("force-new-job-creation", False):
        adapted.setdefault("prior", now.isoformat())
    return adapted


def schedule_query(query: Mapping[str, str], version: str | None) -> dict[str, str]:
    """Return the query for a schedule, without what the server would refuse."""
    unknown = set()
    if is_older(version, JOBS_SINCE):
        unknown.add("sign-convention")
    if is_older(version, UNIT_SINCE):
        unknown.add("unit")
    return {name: value for name, value in query.items() if name not in unknown}


def adapted_schedule(
    schedule: SensorSchedule, unit: str | None, version: str | None
) -> SensorSchedule:
    """Return what was asked for, where the server did not convert: unit and sign.

    Without being asked all servers answer consumption-positive, and in the sensor's unit.

    Raises:
        ServerTooOldError: this pair of units only newer servers can convert.
    """
    factor = 1.0
    if is_older(version, UNIT_SINCE) and unit is not None and unit != schedule.unit:
        factor = _factor(schedule.unit, unit, version)
        schedule = replace(schedule, unit=unit)
    turned = schedule.sign is SignConvention.PRODUCTION_POSITIVE and schedule.unit in _POWER
    if turned and is_older(version, JOBS_SINCE):
        factor = -factor
    if factor == 1.0:
        return schedule
    values = tuple([None if value is None else value * factor + 0.0 for value in schedule.values])
    return replace(schedule, values=values)


def _factor(given: str, wanted: str, version: str | None) -> float:
    for units in (_POWER, _ENERGY):
        if given in units and wanted in units:
            return units[given] / units[wanted]
    raise ServerTooOldError(
        version=version, minimum=UNIT_SINCE, call=f"a schedule in {wanted} instead of {given}"
    )


def fallback_schedule(answer: Answer, url: str) -> str:
    """Return the identifier of the schedule that a 303 sends us to.

    Servers before 1.0 plan again with simpler means when the first plan fails. Only the identifier is taken, so
    that the token goes nowhere else.

    Raises:
        UnexpectedResponseError: it is no schedule, or not one of the same host.
    """
    location = answer.headers.get("Location", "")
    try:
        target = URL(url).join(URL(location))
    except ValueError:
        target = URL()
    match = _FALLBACK.search(target.path)
    if match and target.host == URL(url).host:
        return match["id"]
    raise UnexpectedResponseError(
        redirection(location), status=answer.status, request=answer.request
    )
