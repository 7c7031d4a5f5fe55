"""What one config entry holds while it is loaded."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry

if TYPE_CHECKING:
    from .connection import Connection
    from .controller import Controller
    from .coordinator import InventoryCoordinator
    from .planner import Planner
    from .values import SiteValues

type FlexMeasuresConfigEntry = ConfigEntry[FlexMeasuresData]


@dataclass(slots=True, kw_only=True)
class FlexMeasuresData:
    """The running parts of an entry.

    Attributes:
        controllers: one per flexible device, by subentry id.
    """

    connection: Connection
    controllers: dict[str, Controller]
    inventory: InventoryCoordinator
    planner: Planner
    values: SiteValues
