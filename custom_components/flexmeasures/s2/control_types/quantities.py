"""Flex-models of S2 devices: quantities in FlexMeasures' words, as the scheduling room writes them."""

from collections.abc import Mapping

from ...scheduling.quantities import JSON, during, kilowatt_hours, percent, watts

__all__ = ["FlexModel", "FlexValue", "during", "kilowatt_hours", "kilowatts", "percent", "watts"]

type FlexValue = JSON
type FlexModel = Mapping[str, JSON]


def kilowatts(power: float) -> str:
    """Return a power in kW as the server reads it."""
    return f"{power + 0.0:.10g} kW"
