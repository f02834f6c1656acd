"""The text transformer of CLIP, with context that can be learned, up to the end of text alone.

    t = LN(Blocks(token + position, causal))_end W

No token looks at a later one, so what stands behind the last end-of-text token of the rows changes
nothing and is never computed: a short prompt costs a fraction of the 77 places of the paper.

Axes: N prompts, L tokens, D features, E of the projection, C context tokens.

Paper: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
ICML 2021, section 2.4; context: Zhou et al., "Learning to Prompt for Vision-Language Models", IJCV
2022, equation 2; deep prompts: Khattak et al., "MaPLe", CVPR 2023, equations 1 to 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unmask.layers.transformer import (
    Activation,
    Blocks,
    Step,
    TransformerConfig,
    init_weights,
    require_positive,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TextEncoderConfig(TransformerConfig):
    """Sizes of the text tower; as they stand, those of CLIP ViT-B."""

    dim: int = 512
    heads: int = 8
    activation: Activation = "quick_gelu"
    norm_eps: float = 1e-5
    vocabulary: int = 49_408
    """Different tokens; the last one ends a text."""
    length: int = 77
    """Most tokens of a text."""
    projection: int = 512
    """Features of the space that pictures and text share."""

    def __post_init__(self) -> None:
        TransformerConfig.__post_init__(self)
        for field in ("vocabulary", "length", "projection"):
            require_positive(field, getattr(self, field))


class TextEncoder(nn.Module):
    """Tokens, causal blocks, final norm, projection of the end-of-text token."""

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocabulary, config.dim)
        self.position = nn.Parameter(torch.empty(config.length, config.dim))
        self.blocks = Blocks(config)
        self.norm = nn.LayerNorm(config.dim, eps=config.norm_eps)
        self.projection = nn.Linear(config.dim, config.projection, bias=False)
        nn.init.normal_(self.token.weight, std=0.02)
        nn.init.normal_(self.position, std=0.01)
        self.apply(init_weights)

    def forward(
        self,
        tokens: Tensor,
        context: Tensor | None = None,
        *,
        prompts: Step | None = None,
    ) -> Tensor:
        """Token numbers (N, L) int64 -> (N, E).

        Args:
            tokens: as ``clip_tokens.tokenize`` makes them; where C context tokens are given, it has
                left room for them behind the first token.
            context: embeddings in place of those tokens, (C, D) or (N, C, D).
            prompts: gets the number of a block and the context as it left the block before, (N, C,
                D), and returns what enters, of that shape; before the first block, positions are in
                it already.
        """
        end = self.end_of_text(tokens)  # (N,)
        return self.read(tokens[:, : int(end.max()) + 1], end, context, prompts=prompts)

    def read(
        self,
        tokens: Tensor,
        end: Tensor,
        context: Tensor | None = None,
        *,
        prompts: Step | None = None,
    ) -> Tensor:
        """As ``forward``, with the places (N,) of the ends known: all (N, L) tokens are computed.

        No shape depends on the values of a tensor, so a graph can be made of it.
        """
        count = 0 if context is None else context.shape[-2]
        x = self.embed(tokens, context)  # (N, L, D)
        causal = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).tril()

        def enter(i: int, x: Tensor) -> Tensor:
            assert prompts is not None
            inner = prompts(i, x[:, 1 : 1 + count])  # (N, C, D)
            return torch.cat([x[:, :1], inner, x[:, 1 + count :]], dim=1)

        x, _ = self.blocks(x, causal, enter=enter if prompts else None)
        last = x[torch.arange(x.shape[0], device=x.device), end]  # (N, D)
        feature: Tensor = self.projection(self.norm(last))
        return feature

    def embed(self, tokens: Tensor, context: Tensor | None = None) -> Tensor:
        """(N, L) -> (N, L, D), positions included."""
        x: Tensor = self.token(tokens)
        if context is not None:
            inner = context.expand(x.shape[0], -1, -1).to(x.dtype)  # (N, C, D)
            x = torch.cat([x[:, :1], inner, x[:, 1 + inner.shape[1] :]], dim=1)
        return x + self.position[: x.shape[1]]

    def end_of_text(self, tokens: Tensor) -> Tensor:
        """Place of the first end-of-text token of each row: (N, L) -> (N,) int64."""
        is_end = tokens == self.config.vocabulary - 1
        assert bool(is_end.any(dim=1).all()), "every text must have an end-of-text token"
        return is_end.int().argmax(dim=1)


class FixedText(nn.Module):
    """Features of prompts that no picture changes, computed once and then a constant.

    A model that judges needs no text tower any more: put this in its place. What is later learned
    by the encoder or the context does not reach it; make another one then.
    """

    feature: Tensor
    """(N, E)."""

    def __init__(self, feature: Tensor) -> None:
        super().__init__()
        self.register_buffer("feature", feature.detach().clone())

    @classmethod
    @torch.no_grad()
    def of(cls, encoder: TextEncoder, tokens: Tensor, context: Tensor | None = None) -> FixedText:
        """Encode (N, L) tokens for good."""
        return cls(encoder(tokens, context))

    def forward(self) -> Tensor:
        """(N, E)."""
        return self.feature
