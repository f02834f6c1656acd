"""Cameras: from light to the files they write."""
