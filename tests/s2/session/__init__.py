"""How a session begins, what it asks a device to follow, and how it ends."""
