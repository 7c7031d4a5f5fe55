"""Stand-in for pymicro-vad, which has no wheel for Python 3.14 and would need a C compiler.

Home Assistant's voice pipeline imports it at every start; neither the tests nor the demo use voice.
"""


class MicroVad:
    """Refuses to be used."""

    def __init__(self) -> None:
        """Say what is missing."""
        raise NotImplementedError("pymicro-vad is not installed")
