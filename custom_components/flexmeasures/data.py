"""What one config entry holds while it is loaded."""

from collections.abc import Mapping
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
    from .flexible_site import FlexibleSite
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
        delivery: None when there is nothing to measure, or nowhere to keep it.
        flexible: None while there is no flexible device, and nothing of what plans and controls them is loaded.
        s2: None while there is no S2 device, and none may introduce itself.
        sentence: tells an error in the home's language.
        uploader: None together with the delivery.
    """

    connection: Connection
    inventory: InventoryCoordinator
    s2: S2Server | None
    sentence: Sentence
    store: SiteStore
    values: SiteValues
    audit: Audit | None = None
    backfill: Backfill | None = None
    delivery: Delivery | None = None
    flexible: FlexibleSite | None = None
    uploader: Uploader | None = None

    @property
    def controllers(self) -> Mapping[str, Controller]:
        """Return what controls each flexible device, by subentry id."""
        return self.flexible.controllers if self.flexible else {}

    @property
    def devices(self) -> Mapping[str, FlexibleDevice]:
        """Return the flexible devices by subentry id."""
        return self.flexible.devices if self.flexible else {}

    @property
    def progress(self) -> Mapping[str, PlanProgress]:
        """Return where each flexible device is in its plan, by subentry id."""
        return self.flexible.progress if self.flexible else {}

    @property
    def planner(self) -> Planner:
        """Return what plans the flexible devices; only where there is one."""
        assert self.flexible
        return self.flexible.planner

    @property
    def wishes(self) -> SiteWishes:
        """Return what people want of the flexible devices; only where there is one."""
        assert self.flexible
        return self.flexible.wishes
