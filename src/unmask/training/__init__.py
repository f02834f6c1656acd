"""The one place that knows Lightning."""
