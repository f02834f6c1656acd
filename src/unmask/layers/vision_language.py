"""CLIP as a detector: each sensor's picture is compared with a text for each of the two classes.

    logit = s <x, t_bona_fide> - s <x, t_attack>,  s the temperature of CLIP, x and t of length 1

so that sigmoid(logit) is the softmax over the two texts. ``ClassTexts`` makes t from words, or from
learned context before the name of the class. ``answer`` makes one ``Output`` of the features of all
pictures: the score of a presentation is that of the mean logit over its modalities. Texts and
comparisons are float32 whatever the arithmetic of the towers, for s is 14 or more.

Axes: B presentations, M modalities, N pictures that are there, L levels (global first), E features
of the common space, D of the text tower, C context tokens, 2 classes (bona fide, attack).

Paper: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
ICML 2021, section 3.1.4; context: Zhou et al., "Learning to Prompt for Vision-Language Models",
IJCV 2022, equation 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.apart import Apart
from unmask.layers.clip import ClipConfig
from unmask.layers.clip_tokens import BYTES, VOCABULARY, tokenize_short
from unmask.layers.image_encoder import ImageEncoderConfig
from unmask.layers.remembered import Remembered
from unmask.layers.text_encoder import TextEncoder, TextEncoderConfig
from unmask.layers.transformer import Activation
from unmask.types import Levels, Modality, Output, Routing

Score = Literal["both", "class_token"]
"""What makes the score of a picture: class token and patches, or the class token alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VisionLanguageConfig(ImageEncoderConfig):
    """Sizes of both towers, as they stand those of CLIP ViT-B/16, and what is asked of them."""

    activation: Activation = "quick_gelu"
    norm_eps: float = 1e-5
    patch_bias: bool = False
    pre_norm: bool = True
    projection: int = 512
    text_dim: int = 512
    """Features of a token in the text tower."""
    text_depth: int = 12
    """Blocks of the text tower."""
    text_heads: int = 8
    """Heads of the text tower."""
    vocabulary: int = 49_408
    """Tokens of the text tower: the first so many of CLIP."""
    modalities: tuple[Modality, ...] = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
    """Modalities the model is built for, in the order of the M axis."""
    absent: Literal["drop", "mask"] = "drop"
    """Pictures that are not there: never encoded, or encoded and hidden. Scores are the same."""
    frozen_backbone: bool = True
    """Both towers and the temperature keep their weights."""
    words: Literal["faces", "presentations"] = "faces"
    """What the classes are called: in everybody's words, or in those of the standard, which are all
    that the text tower of clip_tiny knows."""

    def __post_init__(self) -> None:
        names = [str(modality) for modality in self.modalities]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"modalities are {names}; name at least one, and each only once")
        ImageEncoderConfig.__post_init__(self)
        if not self.projection:
            raise ConfigError("projection is 0; pictures and texts must meet in a common space")
        if not BYTES + 2 < self.vocabulary <= VOCABULARY:
            raise ConfigError(
                f"vocabulary is {self.vocabulary}; it must be from {BYTES + 3} (single bytes and "
                f"one merge) to {VOCABULARY} (all of CLIP)"
            )
        try:
            _ = self.clip
        except ConfigError as error:
            raise ConfigError(f"text tower: {error}") from error

    @property
    def names(self) -> tuple[str, str]:
        """Of the classes, bona fide first."""
        return NAMES[self.words]

    @property
    def sentences(self) -> tuple[str, str]:
        """The classes in a sentence each, bona fide first."""
        sentence = SENTENCES[self.words]
        return sentence.format(self.names[0]), sentence.format(self.names[1])

    @property
    def clip(self) -> ClipConfig:
        """Both towers."""
        image = {f.name: getattr(self, f.name) for f in fields(ImageEncoderConfig)}
        return ClipConfig(
            image=ImageEncoderConfig(**image),
            text=TextEncoderConfig(
                dim=self.text_dim,
                depth=self.text_depth,
                heads=self.text_heads,
                activation=self.activation,
                norm_eps=1e-5,
                vocabulary=self.vocabulary,
                projection=self.projection,
            ),
        )

    def apart(self, present: Tensor) -> Apart:
        """The pictures of a batch: (B, M) bool."""
        return Apart.of(present, drop=self.absent == "drop")


NAMES = {
    "faces": ("live", "fake"),
    "presentations": ("bona fide presentation", "presentation attack"),
}
SENTENCES = {"faces": "this is an image of a {} face", "presentations": "this is an image of a {}"}

TINY: dict[str, Any] = {
    "image_size": 112,
    "dim": 128,
    "depth": 6,
    "heads": 4,
    "activation": "gelu",
    "norm_eps": 1e-6,
    "patch_bias": True,
    "pre_norm": False,
    "projection": 128,
    "text_dim": 128,
    "text_depth": 4,
    "text_heads": 4,
    "vocabulary": 6144,
    "words": "presentations",
}
"""Fields of a variant that starts from the shipped clip_tiny."""
TINY_TEST: dict[str, Any] = {
    "image_size": 32,
    "patch_size": 8,
    "dim": 32,
    "depth": 2,
    "heads": 2,
    "projection": 16,
    "text_dim": 16,
    "text_depth": 2,
    "text_heads": 2,
    "vocabulary": 1024,
}
"""Fields of a variant for tests."""


class ClassTexts(nn.Module):
    """The two texts that pictures are compared with, bona fide first.

    With ``context`` tokens the words are preceded by so many learned vectors, shared by both.
    """

    tokens: Tensor
    """(2, L) int64, up to the end of the longer text."""
    end: Tensor
    """(2,) int64: where each text ends."""

    def __init__(
        self, config: VisionLanguageConfig, words: tuple[str, str], *, context: int = 0
    ) -> None:
        super().__init__()
        tokens, end = tokenize_short(words, context=context, vocabulary=config.vocabulary)
        self.register_buffer("tokens", tokens, persistent=False)
        self.register_buffer("end", end, persistent=False)
        self.context: nn.Parameter | None = None
        if context:
            self.context = nn.Parameter(torch.empty(context, config.text_dim))
            nn.init.normal_(self.context, std=0.02)
        self._known: Remembered[Tensor] = Remembered()

    def forward(self, tower: TextEncoder) -> Tensor:
        """Features (2, E) of length 1.

        No picture changes them: in evaluation without gradient they are made once for the weights
        that there are.
        """
        weights = (*tower.parameters(), *self.parameters())
        return self._known.get(lambda: self._made(tower), weights)

    def _made(self, tower: TextEncoder) -> Tensor:
        with torch.autocast(self.tokens.device.type, enabled=False):
            feature = tower.read(self.tokens, self.end, self.context)
        return F.normalize(feature.float(), dim=-1)


def answer(
    apart: Apart,
    levels: Sequence[Tensor],
    texts: Tensor,
    scale: Tensor,
    routing: tuple[Routing, ...] = (),
    *,
    score: Score = "both",
) -> Output:
    """Features of pictures at L levels, (N, E) each, texts, temperature -> Output.

    Texts are (2, E) of length 1, or (N, 2, E) where each picture has its own.

    The answer of a modality is the mean of its logits over the levels, or that of the first level
    alone; that of a presentation the mean over the modalities that are there (both inferred).
    """
    unit = F.normalize(torch.stack(list(levels), dim=1).float(), dim=-1)  # (N, L, E)
    with torch.autocast(unit.device.type, enabled=False):
        similarity = scale * unit @ texts.mT  # (N, L, 2)
    logit = similarity[..., 0] - similarity[..., 1]  # (N, L)
    scored = (logit if score == "both" else logit[:, :1]).mean(dim=1)  # (N,)
    return Output(
        logit=apart.mean(scored),
        feature=apart.mean(unit[:, 0]),
        routing=routing,
        modality_logit=apart.together(scored),
        levels=Levels(logit=apart.together(logit), feature=apart.together(unit)),
    )
