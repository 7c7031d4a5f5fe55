"""The S2 protocol: messages, sessions, and what devices in the field do."""
