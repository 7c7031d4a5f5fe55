"""The dialogs in which people add and change feeds."""
