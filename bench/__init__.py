"""What the integration costs in memory, requests and time, measured here and now."""
