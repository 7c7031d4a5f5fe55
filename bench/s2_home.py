"""What S2 devices cost a whole Home Assistant: many that talk slowly, and one that talks without end, over real sockets."""

# Before anything of Home Assistant, whose clock it makes one that can be set.
from pytest_homeassistant_custom_component import patch_time  # isort: skip  # noqa: F401

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import sys
import time
from types import MappingProxyType

from aiohttp import web
from homeassistant.components.http import KEY_HASS
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant

from custom_components.flexmeasures.const import SUBENTRY_S2_DEVICE
from custom_components.flexmeasures.s2_view import S2View

from .figures import Figure
from .home import home
from .own_memory import own_memory
from .s2_talkers import Talk
from .server import SITE, running_server

_DEVICES = 50
_SECONDS = 20
_SETTLING = 10  # s
_BOUND_OF_SHARE = 2  # % of a core
# Promised: nobody waits longer for an answer because another device floods.
_BOUND_OF_DELAY = 100  # ms
_FLOOD = 1000  # messages a second
_BOUND_OF_GROWTH = 1  # MiB
_MIB = 1024  # KiB
