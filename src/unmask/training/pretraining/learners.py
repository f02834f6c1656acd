"""What the two methods minimise.

Axes: B pictures, P patches, U different captions, L tokens, E features.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from unmask.config import ScheduleConfig
from unmask.layers.clip import Clip
from unmask.layers.masked_autoencoder import MaskedAutoencoder, to_patches
from unmask.losses.contrastive import contrastive_loss
from unmask.losses.reconstruction import reconstruction_error
from unmask.training.learner import SeededLearner
from unmask.training.pretraining.batches import Captions, PictureBatch

SHARPEST = math.log(100)
"""Largest ``logit_scale``, as in the paper of CLIP."""


class PretrainLearner(SeededLearner):
    """A method, which is its loss."""

    def loss(self, batch: PictureBatch) -> Tensor:
        """Scalar."""
        raise AssertionError("each method has its own")

    def training_step(self, batch: PictureBatch, batch_idx: int) -> Tensor:
        loss = self.loss(batch)
        self.log("train/loss", loss.detach())
        return loss


class MaskedLearner(PretrainLearner):
    """Guesses hidden patches."""

    model: MaskedAutoencoder

    def loss(self, batch: PictureBatch) -> Tensor:
        order = self.model.random_order(batch.image)  # (B, P)
        guess = self.model(batch.image, order)  # (B, P, C)
        patches = to_patches(batch.image, self.model.patch_size)
        return reconstruction_error(guess, patches, self.model.hidden(order))


class ContrastiveLearner(PretrainLearner):
    """Finds the caption of each picture and the pictures of each caption."""

    model: Clip

    def __init__(
        self, model: Clip, captions: Captions, schedule: ScheduleConfig, *, seed: int
    ) -> None:
        super().__init__(model, schedule, seed=seed)
        self.captions = captions

    def loss(self, batch: PictureBatch) -> Tensor:
        with torch.no_grad():
            self.model.logit_scale.clamp_(max=SHARPEST)
        different, text = torch.unique(batch.caption, return_inverse=True)  # (U,), (B,)
        tokens = self.captions.tokens[different.cpu()].to(batch.image.device)  # (U, L)
        similarity = self.model(batch.image, tokens)  # (B, U)
        return contrastive_loss(similarity, text)
