"""What may happen to a flexible device, by the words that automations use."""

from enum import StrEnum


class PlanEventType(StrEnum):
    """What may happen."""

    SCHEDULE_RECEIVED = "schedule_received"
    BLOCK_STARTED = "block_started"
    BLOCK_ENDED = "block_ended"
    TARGET_MISSED = "target_missed"
    SERVER_AWAY = "server_away"
    # As control notices them, under its own names.
    FOLLOWING_AGAIN = "following_again"
    MODE_ENDED = "mode_ended"
    NOT_FOLLOWING = "not_following"
    RESUMED = "resumed"
    SUSPENDED = "suspended"
