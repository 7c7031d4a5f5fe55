"""What one config entry holds while it is loaded."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry

if TYPE_CHECKING:
    from .audit import Audit
    from .backfill import Backfill
    from .connection import Connection
    from .controller import Controller
    from .coordinator import InventoryCoordinator
    from .delivery import Delivery
    from .flexible_device import FlexibleDevice
    from .plan_progress import PlanProgress
    from .planner import Planner
    from .s2_server import S2Server
    from .sentences import Sentence
    from .site_store import SiteStore
    from .uploader import Uploader
    from .values import SiteValues
    from .wishes import SiteWishes

type FlexMeasuresConfigEntry = ConfigEntry[FlexMeasuresData]


@dataclass(slots=True, kw_only=True)
class FlexMeasuresData:
    """The running parts of an entry.

    Attributes:
        audit: None together with the delivery.
        backfill: None together with the delivery.
        controllers, devices, progress: one per flexible device, by subentry id.
        delivery: None when there is nothing to measure, or nowhere to keep it.
        s2: None while there is no S2 device, and none may introduce itself.
        sentence: tells an error in the home's language.
        uploader: None together with the delivery.
    """

    connection: Connection
    controllers: dict[str, Controller]
    devices: dict[str, FlexibleDevice]
    inventory: InventoryCoordinator
    planner: Planner
    progress: dict[str, PlanProgress]
    s2: S2Server | None
    sentence: Sentence
    store: SiteStore
    values: SiteValues
    wishes: SiteWishes
    audit: Audit | None = None
    backfill: Backfill | None = None
    delivery: Delivery | None = None
    uploader: Uploader | None = None
