"""Every test begins at noon, with Home Assistant's real recorder."""

from ..recorded import auto_enable_custom_integrations, noon

__all__ = ["auto_enable_custom_integrations", "noon"]
