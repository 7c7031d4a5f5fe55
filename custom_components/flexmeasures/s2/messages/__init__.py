"""The messages of S2 as immutable data: what a session hands out, and what the control types work on.

One module for each control type, because the standard uses the same words in several: ``frbc.Instruction``,
``ombc.Instruction``. Field names are the standard's, without its typing errors. Units are those of the wire: W with
consumption positive, rates per second; durations are ``timedelta``, times are aware UTC, identifiers are ``str``.
"""

from . import components, ddbc, frbc, ombc, pebc, ppbc, session

__all__ = ["components", "ddbc", "frbc", "ombc", "pebc", "ppbc", "session"]
