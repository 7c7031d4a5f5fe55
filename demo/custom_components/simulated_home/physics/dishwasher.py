"""A dishwasher with one program, that somebody or something starts."""

from dataclasses import dataclass
from datetime import timedelta

# Fill, heat, wash, rinse, heat again, dry: an eco program of two hours and 1.15 kWh.
PROFILE_STEP = timedelta(minutes=15)
PROFILE = (60.0, 1900.0, 1000.0, 100.0, 80.0, 60.0, 1300.0, 100.0)  # W
PROGRAM_LENGTH = PROFILE_STEP * len(PROFILE)


@dataclass(slots=True)
class Dishwasher:
    """Runs its program once per start, and cannot be stopped.

    Attributes:
        is_filled: whether it stands ready with dirty dishes; starting it needs nobody then.
        run_for: how much of the program is done; None while it stands still.
    """

    is_filled: bool = True
    run_for: timedelta | None = None

    @property
    def running(self) -> bool:
        """Tell whether the program runs."""
        return self.run_for is not None

    @property
    def power(self) -> float:
        """Return what the meter shows, in watts."""
        return 0.0 if self.run_for is None else PROFILE[self.run_for // PROFILE_STEP]

    def start(self) -> None:
        """Start the program; without effect while it runs."""
        if self.run_for is None:
            self.is_filled = False
            self.run_for = timedelta()

    def advance(self, elapsed: timedelta) -> float:
        """Let time pass and return the energy used, in Wh."""
        if self.run_for is None:
            return 0.0
        reached = min(self.run_for + elapsed, PROGRAM_LENGTH)
        energy = _energy_until(reached) - _energy_until(self.run_for)
        self.run_for = reached if reached < PROGRAM_LENGTH else None
        return energy


def _energy_until(run_for: timedelta) -> float:
    """Return what the program has used by then, in Wh."""
    done, rest = divmod(run_for, PROFILE_STEP)
    started = PROFILE[done] * rest.total_seconds() if rest else 0.0
    return (sum(PROFILE[:done]) * PROFILE_STEP.total_seconds() + started) / 3600
