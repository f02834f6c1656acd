"""Pretraining of backbones on pictures: ``unmask pretrain``.

No label is read, but a caption may tell the verdict, and those of simulated data do: what ``clip``
makes of them has been told bona fide from attack, what ``mae`` makes has not.
"""
