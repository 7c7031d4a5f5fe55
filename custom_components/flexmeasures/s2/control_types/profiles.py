"""Programmes of a device: what each is, how far it is, where it is placed, and what the device was told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..messages import ppbc
from ..messages.components import Identifier
from .forecasts import expected_power
from .profile_search import Alternative, Bill, Load, Placement, Search

_NO_TIME = timedelta(0)

RUNNING = {ppbc.PowerSequenceStatus.EXECUTING, ppbc.PowerSequenceStatus.INTERRUPTED}
OVER = {ppbc.PowerSequenceStatus.FINISHED, ppbc.PowerSequenceStatus.ABORTED}


@dataclass(frozen=True, slots=True)
class Part:
    """How far a container is, and since when that is known."""

    status: ppbc.PowerSequenceContainerStatus
    at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """Where the device was told to place a part."""

    placement: Placement
    instruction_id: Identifier


@dataclass(slots=True)
class Profile:
    """One programme.

    Attributes:
        parts: how far each is, as far as the device told.
        sent: what it was told of each.
        placements: where what has not begun is placed.
        fits: whether that is in time.
        at_once: what it takes and costs if it runs as soon as it can, by the first prices that were known; None before
            them, and for one that had begun by then.
    """

    definition: ppbc.PowerProfileDefinition
    parts: dict[Identifier, Part]
    sent: dict[Identifier, Sent]
    placements: tuple[Placement, ...] = ()
    fits: bool = True
    at_once: Bill | None = None

    def alternatives(
        self, container: ppbc.PowerSequenceContainer, *, abnormal: bool
    ) -> tuple[Alternative, ...]:
        """Return by which sequences a part may run."""
        return tuple(
            _alternative(sequence)
            for sequence in container.power_sequences
            if abnormal or not sequence.abnormal_condition_only
        )

    def running(self) -> Iterator[Placement]:
        """Yield the parts that run or have been interrupted, placed where they began."""
        for container in self.definition.power_sequences_containers:
            part = self.parts.get(container.id)
            if part is None or part.status.status not in RUNNING:
                continue
            for sequence in container.power_sequences:
                if sequence.id == part.status.selected_sequence_id:
                    began = part.at - (part.status.progress or _NO_TIME)
                    yield Placement(container.id, _alternative(sequence), began)

    def search(self, now: datetime, *, abnormal: bool) -> Search:
        """Return what is still to be placed."""
        ends = [placement.end for placement in self.running()]
        ends += [part.at for part in self.parts.values() if part.status.status in OVER]
        previous_end = max(ends, default=None)
        waiting = [
            container
            for container in self.definition.power_sequences_containers
            if (part := self.parts.get(container.id)) is None
            or part.status.status not in RUNNING | OVER
        ]
        return Search(
            parts=[
                (container.id, self.alternatives(container, abnormal=abnormal))
                for container in waiting
            ],
            earliest=max(now, self.definition.start_time, previous_end or now),
            latest_end=self.definition.end_time,
            previous_end=previous_end,
        )

    @property
    def has_begun(self) -> bool:
        """Tell whether any part runs, or is over."""
        return any(part.status.status in RUNNING | OVER for part in self.parts.values())

    def parts_with(
        self, status: ppbc.PowerSequenceStatus
    ) -> Iterator[tuple[ppbc.PowerSequenceContainer, Part]]:
        """Yield the parts that are in a status."""
        for container in self.definition.power_sequences_containers:
            part = self.parts.get(container.id)
            if part is not None and part.status.status is status:
                yield container, part

    def withdraw(self) -> tuple[Identifier, ...]:
        """Return the ids of what the device was told of parts that have not begun, and forget them."""
        open_parts = [
            part_id
            for part_id in self.sent
            if part_id not in self.parts or self.parts[part_id].status.status not in RUNNING | OVER
        ]
        return tuple(self.sent.pop(part_id).instruction_id for part_id in open_parts)

    def alternative(self, part: Identifier, sequence_id: Identifier) -> Alternative:
        """Return a sequence of a part."""
        return next(
            _alternative(sequence)
            for container in self.definition.power_sequences_containers
            if container.id == part
            for sequence in container.power_sequences
            if sequence.id == sequence_id
        )

    def is_abnormal(self, placement: Placement) -> bool:
        """Tell whether what is placed is reserved for abnormal conditions."""
        return any(
            sequence.abnormal_condition_only
            for container in self.definition.power_sequences_containers
            if container.id == placement.part
            for sequence in container.power_sequences
            if sequence.id == placement.alternative.id
        )


def _alternative(sequence: ppbc.PowerSequence) -> Alternative:
    return Alternative(
        sequence.id,
        tuple(
            Load(element.duration.total_seconds(), expected_power(element.power_values))
            for element in sequence.elements
        ),
        sequence.max_pause_before,
    )
