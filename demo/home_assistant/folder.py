"""Writes the configuration folder of a Home Assistant that listens on loopback only."""

from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import shutil

LOOPBACK = "127.0.0.1"

# Everything is named instead of default_config, which would search the network and reach out to the internet.
# The second factor is left out because its packages are not needed otherwise.
CONFIGURATION = """\
homeassistant:
  name: Demo home
  latitude: 52.374
  longitude: 4.8897
  elevation: 2
  radius: 100
  unit_system: metric
  currency: EUR
  country: NL
  language: en
  time_zone: {time_zone}
  auth_mfa_modules: []
api:
auth:
automation: !include automations.yaml
config:
diagnostics:
# The frontend brings cameras along, and these look for a program to read videos with.
ffmpeg:
  ffmpeg_bin: /bin/true
onboarding:
recorder:
  commit_interval: 1
repairs:
system_health:
websocket_api:
logger:
  default: warning
  logs:
    custom_components: info
"""
PAGES = """\
frontend:
history:
logbook:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSettings:
    """What differs between one configuration folder and another.

    Attributes:
        port: TCP port on loopback.
        custom_components: folders of integrations; each is linked into the configuration folder by its name.
        frontend: False leaves out what only people look at. Home Assistant loads its frontend all the same.
        time_zone: IANA name.
    """

    port: int
    custom_components: Sequence[Path] = ()
    frontend: bool = True
    time_zone: str = "Europe/Amsterdam"


def write_folder(folder: Path, settings: FolderSettings) -> None:
    """Create or refresh a configuration folder; what Home Assistant itself stored there stays."""
    storage = folder / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    configuration = CONFIGURATION.format(time_zone=settings.time_zone)
    if settings.frontend:
        configuration += PAGES
    (folder / "configuration.yaml").write_text(configuration, encoding="utf-8")
    # An include that is missing makes Home Assistant start in recovery mode.
    automations = folder / "automations.yaml"
    if not automations.exists():
        automations.write_text("[]\n", encoding="utf-8")
    (storage / "http").write_text(json.dumps(_http(settings.port)), encoding="utf-8")
    if not (storage / "onboarding").exists():
        (storage / "onboarding").write_text(json.dumps(_onboarding()), encoding="utf-8")
    _link_components(folder / "custom_components", settings.custom_components)


def _http(port: int) -> dict[str, object]:
    """Return the stored HTTP settings, as if confirmed by a person.

    The port cannot be set in configuration.yaml: there it is only a trial, after which Home Assistant restarts
    on its default port.
    """
    stable = {
        "server_host": [LOOPBACK],
        "server_port": port,
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": "2026-01-01T00:00:00+00:00",
        "error": None,
        "error_message": None,
    }
    data = {"stable": stable, "pending": None, "yaml_migration_done": True}
    return {"version": 2, "minor_version": 2, "key": "http", "data": data}


def _onboarding() -> dict[str, object]:
    """Return an onboarding of which only the user is left.

    The other steps would add integrations that install packages and reach out to the internet.
    """
    data = {"done": ["core_config", "analytics", "integration"]}
    return {"version": 4, "minor_version": 1, "key": "onboarding", "data": data}


def _link_components(target: Path, components: Sequence[Path]) -> None:
    target.mkdir(exist_ok=True)
    for existing in target.iterdir():
        if existing.is_symlink():
            existing.unlink()
    for component in components:
        link = target / component.name
        if link.exists():
            shutil.rmtree(link)
        link.symlink_to(component.resolve(), target_is_directory=True)
