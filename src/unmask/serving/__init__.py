"""A detector: pictures in, a decision out."""
