"""``unmask prepare``: raw frames of a capture to face crops with a manifest."""
