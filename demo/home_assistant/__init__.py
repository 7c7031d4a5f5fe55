"""Runs a headless Home Assistant on loopback and talks to its API; for the demo and for live tests.

async with HomeAssistant(environment, folder, custom_components=[...]) as home:
    entry = await home.api.run_flow("flexmeasures", {"url": ...}, {"site": ...})
    state = await home.api.state("sensor.battery_scheduled_power")
"""

from .api import ApiError, Flow, HomeAssistantApi, State
from .folder import FolderSettings, write_folder
from .process import HomeAssistant, StartError, free_port, is_in_use, stop_leftover
from .sign_in import PASSWORD, USERNAME, Tokens

__all__ = [
    "PASSWORD",
    "USERNAME",
    "ApiError",
    "Flow",
    "FolderSettings",
    "HomeAssistant",
    "HomeAssistantApi",
    "StartError",
    "State",
    "Tokens",
    "free_port",
    "is_in_use",
    "stop_leftover",
    "write_folder",
]
