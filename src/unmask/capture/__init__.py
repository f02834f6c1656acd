"""From raw sensor frames to model input, or to a reason why there is none."""
