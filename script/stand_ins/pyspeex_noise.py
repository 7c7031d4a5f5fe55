"""Stand-in for pyspeex-noise, which has no wheel for Python 3.14 and would need a C compiler.

Home Assistant's voice pipeline imports it at every start; neither the tests nor the demo use voice.
"""


class AudioProcessor:
    """Refuses to be used."""

    def __init__(self, *settings: float) -> None:
        """Say what is missing."""
        raise NotImplementedError("pyspeex-noise is not installed")
