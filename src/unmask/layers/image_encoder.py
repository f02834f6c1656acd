"""A vision transformer of one picture: that of ImageNet checkpoints, and the image tower of CLIP.

    X = LN_pre([class + position_0; patch_p + position_p]);  y = LN(Blocks([X; prompts])) W

LN_pre and the projection W exist where the config asks for them. Adapters beside the MLPs, prompt
tokens per layer and features on the way are arguments: the encoder holds none of them.

Axes: B pictures, P patches (row by row), D features, E of the projection (else D), N prompt tokens.

Paper: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, equations 1 to 4; Radford et
al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021; prompts:
Jia et al., "Visual Prompt Tuning", ECCV 2022, equations 4 to 8.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.transformer import Blocks, Look, Step, init_weights
from unmask.layers.vit import TowerConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageEncoderConfig(TowerConfig):
    """Sizes of the encoder."""

    projection: int = 0
    """Features of the space that pictures and text share; 0: no projection."""

    def __post_init__(self) -> None:
        TowerConfig.__post_init__(self)
        if self.projection < 0:
            raise ConfigError(f"projection is {self.projection}; it must be at least 0")


SIZES = {
    "vit_tiny": ImageEncoderConfig(image_size=112, dim=128, depth=6, heads=4),
    "vit_ti16": ImageEncoderConfig(dim=192, heads=3),
    "vit_s16": ImageEncoderConfig(dim=384, heads=6),
    "vit_b16": ImageEncoderConfig(),
}
"""Those of CLIP are in ``layers.clip``, beside their text towers."""


@dataclass(slots=True, kw_only=True)
class Features:
    """What the encoder says of some pictures, after the last norm and the projection."""

    class_token: Tensor
    """(B, E)."""
    patches: Tensor
    """(B, P, E)."""
    prompts: Tensor
    """(B, N, E), what became of the prompt tokens; N is 0 without prompts."""
    blocks: Mapping[int, Tensor] = field(default_factory=dict)
    """By number of the block: (B, 1 + P, D) as it left that block, class token first."""


class ImageEncoder(nn.Module):
    """Patches, blocks, final norm, projection."""

    def __init__(self, config: ImageEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = config.patch_map()
        self.class_token = nn.Parameter(torch.zeros(config.dim))
        self.position = nn.Parameter(torch.empty(1 + config.grid**2, config.dim))
        self.pre_norm = config.first_norm()
        self.blocks = Blocks(config)
        self.norm = nn.LayerNorm(config.dim, eps=config.norm_eps)
        self.projection = (
            nn.Linear(config.dim, config.projection, bias=False)
            if config.projection
            else nn.Identity()
        )
        nn.init.normal_(self.position, std=0.02)
        self.apply(init_weights)

    def forward(
        self,
        image: Tensor,
        *,
        prompts: Step | None = None,
        beside: Step | None = None,
        keep: Collection[int] = (),
    ) -> Features:
        """(B, 3, H, W) -> Features; the other arguments are those of ``encode``."""
        return self.encode(self.embed(image), prompts=prompts, beside=beside, keep=keep)

    def embed(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> tokens (B, 1 + P, D), to which any choice of patches may be made."""
        return self.place(self.raw(image))

    def raw(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> patches as they are embedded, without positions: (B, P, D)."""
        x: Tensor = self.patch_embed(image)
        return x.flatten(2).transpose(1, 2)

    def place(self, x: Tensor) -> Tensor:
        """Raw patches (B, P, D) -> tokens (B, 1 + P, D): class token first, all with positions."""
        first = self.class_token.to(x.dtype).expand(x.shape[0], 1, -1)  # (B, 1, D)
        return torch.cat([first, x], dim=1) + self.position

    def encode(
        self,
        x: Tensor,
        *,
        prompts: Step | None = None,
        beside: Step | None = None,
        keep: Collection[int] = (),
        look: Callable[[int], Look] | None = None,
    ) -> Features:
        """Tokens (B, 1 + P, D) of all or some patches -> Features.

        Prompt tokens come after the patches. ``prompts`` gets the number of a block and the prompt
        tokens as they left the block before, (B, N, D), none before the first block; it returns
        those that enter: others (replace), a sum (accumulate) or the same. ``pre_norm`` does not
        touch them. ``beside`` is an adapter beside each MLP, and sees the prompts too. ``look`` is
        how a block's tokens attend to each other, if not as usual.
        """
        own = x.shape[1]

        def enter(i: int, x: Tensor) -> Tensor:
            assert prompts is not None
            return torch.cat([x[:, :own], prompts(i, x[:, own:])], dim=1)

        x, kept = self.blocks(
            self.pre_norm(x),
            enter=enter if prompts else None,
            beside=beside,
            keep=keep,
            look=look,
        )
        x = self.projection(self.norm(x))  # (B, 1 + P + N, E)
        return Features(
            class_token=x[:, 0],
            patches=x[:, 1:own],
            prompts=x[:, own:],
            blocks={i: tokens[:, :own] for i, tokens in kept.items()},
        )
