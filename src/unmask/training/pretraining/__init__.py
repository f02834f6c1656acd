"""Pretraining of backbones on pictures without labels: ``unmask pretrain``."""
