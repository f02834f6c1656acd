"""Score files in, a report that a laboratory could sign out."""
