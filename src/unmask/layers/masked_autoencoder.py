"""A masked autoencoder: the encoder sees some patches, a light decoder guesses the others.

    z = Encoder(shown patches);  y = Decoder([z_shown; mask token elsewhere] + position)

The encoder knows nothing of the game: it is an ``ImageEncoder`` that gets fewer tokens, which is
why a step costs so little. The decoder, half as wide and two blocks deep, is thrown away.

Axes: B pictures, P patches (row by row), V of them shown, D features, C = 3 p p numbers of a patch
of p x p pixels.

Paper: He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022, section 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unmask.layers.image_encoder import ImageEncoder, ImageEncoderConfig
from unmask.layers.transformer import Blocks, TransformerConfig, init_weights

DECODER_DEPTH = 2


class MaskedAutoencoder(nn.Module):
    """Encoder, mask token, decoder."""

    def __init__(self, config: ImageEncoderConfig, *, hidden: float) -> None:
        super().__init__()
        count, narrow = config.grid**2, config.dim // 2
        self.patch_size = config.patch_size
        self.shown = min(max(1, round((1 - hidden) * count)), count)
        self.encoder = ImageEncoder(config)
        self.narrow = nn.Linear(config.dim, narrow)
        self.mask_token = nn.Parameter(torch.empty(narrow))
        self.position = nn.Parameter(torch.empty(1 + count, narrow))
        self.decoder = Blocks(
            TransformerConfig(dim=narrow, depth=DECODER_DEPTH, heads=config.heads)
        )
        self.norm = nn.LayerNorm(narrow, eps=config.norm_eps)
        self.pixels = nn.Linear(narrow, 3 * config.patch_size**2)
        nn.init.normal_(self.mask_token, std=0.02)
        nn.init.normal_(self.position, std=0.02)
        for part in (self.narrow, self.decoder, self.pixels):
            part.apply(init_weights)

    def forward(self, image: Tensor, order: Tensor) -> Tensor:
        """(B, 3, H, W) -> what every patch holds (B, P, C), from the first V of ``order`` (B, P).

        Each row of ``order`` is a permutation of the patches.
        """
        chosen = order[:, : self.shown, None]  # (B, V, 1)
        tokens = self.encoder.embed(image)  # (B, 1 + P, D)
        seen = tokens[:, 1:].gather(1, chosen.expand(-1, -1, tokens.shape[2]))  # (B, V, D)
        told = self.encoder.encode(torch.cat([tokens[:, :1], seen], dim=1))
        first, rest = self.narrow(told.class_token), self.narrow(told.patches)
        empty = self.mask_token.to(rest.dtype).expand(*order.shape, -1)  # (B, P, D / 2)
        filled = empty.scatter(1, chosen.expand_as(rest), rest)
        x = torch.cat([first[:, None], filled], dim=1) + self.position
        x, _ = self.decoder(x)
        guess: Tensor = self.pixels(self.norm(x[:, 1:]))  # (B, P, C)
        return guess

    def hidden(self, order: Tensor) -> Tensor:
        """(B, P) permutations -> (B, P) bool, True for a patch that the encoder does not see."""
        everything = torch.ones_like(order, dtype=torch.bool)
        return everything.scatter(1, order[:, : self.shown], value=False)

    def random_order(self, image: Tensor) -> Tensor:
        """A permutation of the patches for each of (B, 3, H, W), from torch's random numbers."""
        count = self.position.shape[0] - 1
        return torch.rand(image.shape[0], count, device=image.device).argsort(dim=1)


def to_patches(image: Tensor, size: int) -> Tensor:
    """(B, 3, H, W) -> (B, P, C), row by row."""
    tiles = image.unfold(2, size, size).unfold(3, size, size)  # (B, 3, H', W', p, p)
    return tiles.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def to_image(patches: Tensor, size: int) -> Tensor:
    """The inverse of ``to_patches``, for square pictures."""
    side = round(patches.shape[1] ** 0.5)
    tiles = patches.reshape(-1, side, side, 3, size, size)  # (B, H', W', 3, p, p)
    return tiles.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)  # (B, 3, H, W)
