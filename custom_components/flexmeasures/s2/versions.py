"""Which version of the messages a session speaks."""

from collections.abc import Sequence

# Newest first. They differ in one message of demand driven control, and the codec reads both.
SPOKEN_VERSIONS = ("1.0.0", "0.0.2-beta")

# A device in the field says this and means 0.0.2-beta. It reads frames by position: a Handshake from us that comes
# before the HandshakeResponse breaks it.
POSITIONAL_OFFER = ("0.1.0",)


def choose_version(offered: Sequence[str]) -> str | None:
    """Return the version to speak among those that a device offers, spelled as the device does.

    The first of ours that is offered, with or without a leading v; else the device's first, which is treated as
    0.0.2-beta, because messages say themselves what they are. None when nothing is offered: a version that the device
    did not offer must never be selected.
    """
    by_name = {version.removeprefix("v"): version for version in reversed(offered)}
    for version in SPOKEN_VERSIONS:
        if version in by_name:
            return by_name[version]
    return offered[0] if offered else None


def is_spoken(version: str) -> bool:
    """Tell whether a chosen version is one of ours; if not, it was taken for want of a better one."""
    return version.removeprefix("v") in SPOKEN_VERSIONS
