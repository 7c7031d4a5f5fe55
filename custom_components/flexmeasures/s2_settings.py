"""An S2 device as configured."""

from dataclasses import dataclass, field
import math
from typing import Final, Self

from homeassistant.config_entries import ConfigSubentry

from .const import (
    CONF_ABNORMAL_CONDITIONS,
    CONF_ASSET,
    CONF_CONTROL_TYPE,
    CONF_CREDENTIAL,
    CONF_ENERGY_PER_UNIT,
    CONF_MOST_CONSUMPTION,
    CONF_MOST_PRODUCTION,
    CONF_RESOURCE_ID,
    CONTROL_TYPE_AUTOMATIC,
)
from .s2 import PREFERENCE, SessionOptions
from .s2.control_types import ControlOptions, Span
from .s2.messages.components import ControlType

_WATTS_PER_KILOWATT: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class S2Settings:
    """One S2 device of the site.

    Attributes:
        asset_id: the FlexMeasures asset of its sensors.
        control_type: what it is asked to follow; None for the one that says most about it.
        capacity_per_unit: kWh behind one unit of fill level; None derives it from what the device describes.
        limits: W, consumption positive, that people let it have.
        resource_id: the only name that it may call itself; None for any.
    """

    subentry_id: str
    title: str
    secret: str = field(repr=False)
    asset_id: int
    control_type: ControlType | None
    capacity_per_unit: float | None
    abnormal_conditions: bool
    limits: Span
    resource_id: str | None

    @classmethod
    def from_subentry(cls, subentry: ConfigSubentry) -> Self:
        """Return the device that the subentry describes.

        Raises:
            ValueError: the stored values make no sense.
        """
        data = subentry.data
        chosen = data.get(CONF_CONTROL_TYPE, CONTROL_TYPE_AUTOMATIC)
        return cls(
            subentry_id=subentry.subentry_id,
            title=subentry.title,
            secret=data[CONF_CREDENTIAL],
            asset_id=data[CONF_ASSET],
            control_type=None if chosen == CONTROL_TYPE_AUTOMATIC else ControlType(chosen.upper()),
            capacity_per_unit=data.get(CONF_ENERGY_PER_UNIT),
            abnormal_conditions=data.get(CONF_ABNORMAL_CONDITIONS, False),
            limits=Span(
                -_watts(data.get(CONF_MOST_PRODUCTION)), _watts(data.get(CONF_MOST_CONSUMPTION))
            ),
            resource_id=data.get(CONF_RESOURCE_ID),
        )

    @property
    def session_options(self) -> SessionOptions:
        """How its sessions are led: the chosen control type first, and nothing else beside it."""
        preference = PREFERENCE if self.control_type is None else (self.control_type,)
        return SessionOptions(preference=preference, abnormal_conditions=self.abnormal_conditions)

    @property
    def control_options(self) -> ControlOptions:
        """How what it says is understood."""
        return ControlOptions(
            abnormal_conditions=self.abnormal_conditions,
            capacity_per_unit=self.capacity_per_unit,
            limits=self.limits,
        )


def _watts(kilowatts: float | None) -> float:
    """Return a most power in W; without one there is no limit."""
    return math.inf if kilowatts is None else kilowatts * _WATTS_PER_KILOWATT
