"""When a home is planned, with what, and what comes of it."""
