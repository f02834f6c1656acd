"""Presentations made of geometry, materials, light and sensors."""
