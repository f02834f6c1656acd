"""People: heads, what grows on them and what they wear."""
