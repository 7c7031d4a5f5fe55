"""Simulated devices on the wire, a session and a control: what is planned is what happens."""

import asyncio
from datetime import timedelta
import json
import math

from aiohttp import web
import pytest
from pytest_aiohttp.plugin import AiohttpServer
from s2python.s2_parser import S2Parser

from custom_components.flexmeasures.s2.control_types import (
    FillRateControl,
    Grid,
    Plan,
    PowerProfileControl,
    Sensors,
    SeriesKind,
    Timeline,
)
from demo.resource_managers import connection, heat_pump, hybrid
from demo.resource_managers.battery import Battery
from demo.resource_managers.boiler import Boiler
from demo.resource_managers.car import Car
from demo.resource_managers.dishwasher import Dishwasher
from demo.resource_managers.panels import Panels, sunshine
from demo.resource_managers.resource_manager import ResourceManager, identifier

from ..s2.control_types.samples import MINUTE, NOON, QUARTER, schedule
from .simulated_session import Loop

BATTERY = identifier("battery inverter")
DEVICES = [Battery, Boiler, Car, Dishwasher, heat_pump.HeatPump, hybrid.Hybrid, Panels]


def test_a_battery_follows_its_plan() -> None:
    battery = Battery(NOON, stored=0.5)
    loop = Loop(battery)
    hour = Plan(schedules={BATTERY: schedule(4000, 4000, -3000, 0)})
    loop.follow(hour, NOON + 4 * QUARTER)

    # 2 kWh in at 96 % and 0.75 kWh out at 94 %, of 10 kWh.
    assert battery.stored == pytest.approx(0.5 + 0.2 * 0.96 - 0.075 / 0.94)
    assert battery.power == 0
    assert isinstance(loop.control, FillRateControl)
    assert loop.control.fill_level(loop.now) == pytest.approx(battery.stored)


def test_a_full_battery_takes_no_more() -> None:
    battery = Battery(NOON, stored=0.97)
    loop = Loop(battery)
    loop.follow(Plan(schedules={BATTERY: schedule(5000, 5000)}), NOON + 2 * QUARTER)

    assert battery.stored == pytest.approx(1, abs=0.005)


def test_a_battery_s_flex_model_is_what_it_is() -> None:
    loop = Loop(Battery(NOON))
    (entry,) = loop.control.contribution(
        Sensors(power={BATTERY: 1}), Grid(NOON, QUARTER, 96), NOON
    ).flex_models

    # The root of 10 / 0.96 (in) and 10 * 0.94 (out), which is all that its rates tell.
    assert float(str(entry["soc-max"]).split()[0]) == pytest.approx(10 * (0.94 / 0.96) ** 0.5)
    assert entry["operation-modes"] == [
        {"production-range": ["500 W", "5000 W"]},
        {"consumption-range": ["0 W", "0 W"]},
        {"consumption-range": ["500 W", "5000 W"]},
    ]


def test_panels_stay_within_their_envelope_and_are_free_afterwards() -> None:
    panels = Panels(NOON)
    loop = Loop(panels)
    loop.follow(Plan(schedules={"": schedule(-1000, -4000)}), NOON + 10 * MINUTE)
    assert panels.power == -1000

    loop.follow(Plan(schedules={"": schedule(-1000, -4000)}), NOON + 20 * MINUTE)
    assert panels.power == pytest.approx(-sunshine(loop.now))
    (entry,) = loop.control.contribution(
        Sensors(power={"": 1}, series={SeriesKind.PRODUCTION_FORECAST: 2}),
        Grid(NOON, QUARTER, 4),
        NOON,
    ).flex_models
    assert entry["production-capacity"] == {"sensor": 2}


def test_a_car_has_what_it_wants_when_it_leaves() -> None:
    car = Car(NOON)
    loop = Loop(car)
    plan = Plan(schedules={"": schedule(*[0.0] * 4, 7400, 7400, 1380, *[0.0] * 17)})
    loop.follow(plan, NOON + timedelta(minutes=59))
    assert (car.power, car.missing) == (0, 4000)

    loop.follow(plan, NOON + timedelta(hours=6))
    # Minute by minute it takes at most one more minute than it wants.
    assert -7400 / 60 <= car.missing <= 1


def test_a_dishwasher_runs_when_it_is_cheapest() -> None:
    dishwasher = Dishwasher(NOON)
    loop = Loop(dishwasher)
    assert isinstance(loop.control, PowerProfileControl)
    prices: Timeline[float] = Timeline()
    prices.replace_from(
        NOON, [(timedelta(hours=2), 0.3), (timedelta(hours=2), 0.1), (timedelta(hours=4), 0.2)], ""
    )
    loop.control.set_prices(prices, NOON)
    loop.follow(Plan(), NOON + timedelta(hours=1))
    assert dishwasher.starts == {
        "wash": NOON + timedelta(hours=2),
        "rinse": NOON + timedelta(hours=2, minutes=45),
    }
    assert dishwasher.power == 0

    loop.follow(Plan(), NOON + timedelta(hours=2, minutes=50))
    assert dishwasher.power == 1800
    loop.follow(Plan(), NOON + timedelta(hours=4))
    assert dishwasher.power == 0
    assert loop.control.placements() == ()


def test_a_dishwasher_that_has_not_begun_can_be_paused_and_begins_when_it_may() -> None:
    dishwasher = Dishwasher(NOON)
    loop = Loop(dishwasher)
    assert isinstance(loop.control, PowerProfileControl)
    prices: Timeline[float] = Timeline()
    prices.replace_from(NOON, [(timedelta(hours=2), 0.3), (timedelta(hours=6), 0.1)], "")
    loop.control.set_prices(prices, NOON)
    loop.follow(Plan(), NOON + MINUTE)
    assert set(dishwasher.starts) == {"wash", "rinse"}

    paused = Plan(overrides={"": 0.0})
    loop.revoke(*loop.control.held_back(paused))
    assert dishwasher.starts == {}
    loop.follow(paused, NOON + timedelta(hours=3))
    assert (dishwasher.power, dishwasher.starts) == (0, {})
    loop.follow(Plan(overrides={"": 2000.0}), NOON + timedelta(hours=3, minutes=2))
    assert dishwasher.power == 2000


@pytest.mark.parametrize(
    ("device", "told", "alone"),
    [
        (Battery(NOON), {BATTERY: -3000.0}, 0.0),
        (Boiler(NOON), {"": 2000.0}, 0.0),
        (Car(NOON), {"": 0.0}, 7400.0),
        # Noon is one hour before the sun is highest.
        (Panels(NOON), {"": -1000.0}, -4000 * math.sin(5 / 12 * math.pi)),
        (heat_pump.HeatPump(NOON), {heat_pump.PUMP: 3000.0, heat_pump.ELEMENT: 2000.0}, 500.0),
        (hybrid.Hybrid(NOON), {hybrid.PUMP: 0.0}, 4000 / 3),
        (Dishwasher(NOON), {"": 0.0}, 0.0),
    ],
    ids=lambda value: value.name if isinstance(value, ResourceManager) else "",
)
def test_a_device_that_is_let_go_runs_as_it_does_alone(
    device: ResourceManager, told: dict[str, float], alone: float
) -> None:
    loop = Loop(device)
    loop.follow(Plan(overrides=told), NOON + MINUTE)
    assert device.power == pytest.approx(sum(told.values()))

    loop.let_go()
    assert device.power == pytest.approx(alone, rel=0.01)


def test_a_heat_pump_and_its_element_heat_one_buffer() -> None:
    pump = heat_pump.HeatPump(NOON, temperature=45)
    loop = Loop(pump)
    plan = Plan(
        schedules={heat_pump.PUMP: schedule(3000, 1000), heat_pump.ELEMENT: schedule(2000, 0)}
    )
    loop.follow(plan, NOON + 2 * QUARTER)

    # 9 + 1.96 kW in and 1.5 kW out, then 3 kW in: 900 s each into 2.093 MJ a degree.
    degrees = (9000 + 1960 - 1500 + 3000 - 1500) * 900 / 2.093e6
    assert pump.temperature == pytest.approx(45 + degrees)


def test_a_hybrid_heat_pump_meets_its_demand_as_planned() -> None:
    device = hybrid.Hybrid(NOON, demand=4)
    loop = Loop(device)
    loop.follow(Plan(schedules={hybrid.PUMP: schedule(1000, 0)}), NOON + QUARTER)
    assert device.power == pytest.approx(1000)
    assert device.heat == {hybrid.PUMP: pytest.approx(3), hybrid.BOILER: pytest.approx(1)}

    loop.follow(Plan(schedules={hybrid.PUMP: schedule(1000, 0)}), NOON + 2 * QUARTER)
    assert device.power == 0
    assert device.heat == {hybrid.PUMP: 0, hybrid.BOILER: pytest.approx(4)}


@pytest.mark.parametrize("kind", DEVICES)
def test_what_simulated_devices_say_is_what_the_standard_s_own_library_accepts(
    kind: type[ResourceManager],
) -> None:
    loop = Loop(kind(NOON))
    loop.follow(Plan(overrides={"": -1000.0, BATTERY: 3000.0}), NOON + 2 * MINUTE)
    parser = S2Parser()

    assert len(loop.said) > 4
    for text in loop.said:
        # The one that its version 0.11.1 cannot read although it is right.
        if json.loads(text)["message_type"] != "DDBC.SystemDescription":
            parser.parse_as_any_message(text)


@pytest.mark.parametrize("kind", DEVICES)
def test_simulated_devices_reject_what_they_do_not_know(kind: type[ResourceManager]) -> None:
    device = kind(NOON)
    device.hear(
        json.dumps(
            {
                "message_type": "SelectControlType",
                "message_id": "a",
                "control_type": device.control_type,
            }
        ),
        NOON,
    )
    said = device.hear(
        json.dumps(
            {
                "message_type": "Any.Instruction",
                "message_id": "b",
                "id": "b",
                "actuator_id": "unknown",
                "operation_mode": "unknown",
                "operation_mode_id": "unknown",
                "power_constraints_id": "unknown",
            }
        ),
        NOON,
    )

    assert json.loads(said[1])["status_type"] == "REJECTED"


def test_nights_have_no_sun() -> None:
    assert sunshine(NOON - timedelta(hours=6)) == 0
    assert sunshine(NOON + timedelta(hours=1)) == pytest.approx(4000)


async def test_a_simulated_device_introduces_itself_over_a_socket(
    socket_enabled: None, aiohttp_server: AiohttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_BEAT", 0.001)
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def manage(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        heard.put_nowait((await socket.receive_json())["message_type"])
        await socket.send_json(
            {
                "message_type": "HandshakeResponse",
                "message_id": identifier("response"),
                "selected_protocol_version": "0.0.2-beta",
            }
        )
        async for received in socket:
            heard.put_nowait(received.json()["message_type"])
        return socket

    app = web.Application()
    app.router.add_get("/s2", manage)
    server = await aiohttp_server(app)
    running = asyncio.create_task(connection.run(Battery(NOON), str(server.make_url("/s2"))))

    assert [await heard.get() for _ in range(4)] == [
        "Handshake",
        "ReceptionStatus",
        "ResourceManagerDetails",
        "PowerMeasurement",
    ]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
