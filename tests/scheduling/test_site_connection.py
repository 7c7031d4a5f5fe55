"""What a site's connection leaves beside what is planned."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import math

import pytest

from custom_components.flexmeasures.scheduling import PowerSeries, Schedule, SiteConnection

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def schedule(*powers: float | None, resolution: timedelta = QUARTER) -> Schedule:
    """Return a schedule from noon on, in W."""
    return Schedule(
        start=NOON, resolution=resolution, powers=powers, computed_at=NOON, schedule_id="job"
    )


def series(*powers: float | None) -> PowerSeries:
    """Return what is foreseen from noon on, in W."""
    return PowerSeries(start=NOON, resolution=QUARTER, powers=powers)


CAR = schedule(7000.0, 3000.0, 0.0)
BATTERY = schedule(1000.0, -2000.0, -4000.0)


@pytest.mark.parametrize(
    ("connection", "leeway"),
    [
        # Of 10 kW 8, 1 and -4 kW are used; half for each of two devices.
        (SiteConnection(consumption=10_000), (1_000, 4_500, 7_000)),
        # 5 kW may be given: 13, 6 and 1 kW are left.
        (SiteConnection(production=5_000), (6_500, 3_000, 500)),
        (SiteConnection(consumption=10_000, production=5_000), (1_000, 3_000, 500)),
        # With a house of 1.5, 0 and 2 kW more: 0.5, 9 and 12 kW; the other way 3 kW in the last step.
        (
            SiteConnection(consumption=10_000, production=5_000, others=(series(1500, 0, 2000),)),
            (250, 3_000, 1_500),
        ),
        # More than the limit leaves nothing.
        (SiteConnection(consumption=5_000), (0, 2_000, 4_500)),
        (SiteConnection(), (math.inf,) * 3),
    ],
)
def test_what_is_left_is_shared_by_all_devices(
    connection: SiteConnection, leeway: tuple[float, ...]
) -> None:
    assert connection.leeway(CAR, [CAR, BATTERY]) == pytest.approx(leeway)
    assert connection.leeway(BATTERY, [CAR, BATTERY]) == pytest.approx(leeway)


@pytest.mark.parametrize(
    "others", [(series(0.0, None, 0.0),), (series(0.0), series(0.0, 0.0, 0.0))]
)
def test_where_something_is_not_known_nothing_is_left(others: tuple[PowerSeries, ...]) -> None:
    """A gap in a forecast, or one that ends too early."""
    connection = SiteConnection(consumption=10_000, others=others)

    assert connection.leeway(CAR, [CAR])[:2] == (3_000, 0)
    unknown = schedule(1.0, None, 1.0)
    assert SiteConnection(consumption=10_000).leeway(CAR, [CAR, unknown])[1] == 0


def test_the_worst_moment_of_a_step_counts() -> None:
    """A battery with shorter steps takes more in the middle of the car's."""
    battery = schedule(0.0, 2000.0, 0.0, resolution=timedelta(minutes=5))
    connection = SiteConnection(consumption=10_000)

    assert connection.leeway(replace(CAR, powers=(7000.0,)), [CAR, battery]) == (500,)
    # The other way round, the car's step is as long as three of the battery's.
    assert connection.leeway(battery, [CAR, battery]) == (1500, 500, 1500)
