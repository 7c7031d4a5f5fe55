"""The S2 (EN 50491-12-2) protocol as energy manager. Knows neither HTTP nor Home Assistant."""
