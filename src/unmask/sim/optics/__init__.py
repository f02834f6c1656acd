"""Surfaces, light, and what a lens sees of them."""
