"""Custom integrations that exist for the demo only."""
