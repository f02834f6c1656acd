"""Decoded pictures to model input: one geometry for all modalities, then each its own light."""
