"""Reports on what differs between two policy sets."""
