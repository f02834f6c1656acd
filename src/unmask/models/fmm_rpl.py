"""FMM-RPL: frozen CLIP with experts chosen for each picture, and prompts gathered block by block.

1. Each sensor's picture goes through the picture tower by itself, so any sensor is judged alone.
2. Text prompts, random at first, stand before the name of each class and gather what is added to
   them block by block (RPL). Their features are made once in use, unless ``text_conditional``
   tells each picture's visual prompts to its texts.
3. Visual prompts come from the raw patches of the picture itself; they gather them, and the text
   prompts of the same depth, block by block, and the other tokens see them through a gate.
4. Beside the MLP of each block, a gate that sees the patches and is told the sensor chooses two of
   four experts of different kinds, next to one that always works (FMM).
5. Global: the class token is compared with both texts. Local: patches, aligned by the texts (LGPA),
   those first that lean clearly to one class. A sensor's logit is the mean of both; several sensors
   answer with the mean of their logits.

Its refined cross-level loss is ``losses.each_modality`` (``optim.local`` 1), ``losses.cross_level``
(``optim.cross_level`` 0.1) and ``losses.routing`` (``optim.balance`` 0.01, ``optim.router_z``
0.001).

Axes: B presentations, M modalities, H W pixels, N pictures that are there, P patches, S tokens with
prompts, D features of a token, d of a sensor's vector, E of the common space, n prompts, J blocks
with prompts.

Paper: "FMM-RPL" (Frontiers of Computer Science, DOI 10.1007/s11704-026-50892-9).

Differs: known are the purposes alone: one shared network for all sensors; experts in the visual
encoder that the modality decides ("dynamic expert fusion"); visual prompts derived from the
original picture and random text prompts, accumulated, in both branches; a loss over local patches
and global features; training on three sensors, use with each alone. Inferred is everything else:
kinds, number and place of the experts, what the gate sees, its noise and top 2, the shared expert;
where prompts enter, how they are drawn and accumulated, the coupling; saliency and alignment of
patches, all three parts of the loss; what is frozen. Prompts that a frozen tower attends to as to
any token would change its answer from the first step; here they are seen through a gate that starts
at zero, after LLaMA-Adapter (``prompt_attention`` joint: as MaPLe). Experts widen from zero. So an
untrained model with its text prompts is exactly the frozen CLIP with that context.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality, texts
included, which are made once in use.
    tiny: 3,156,825 parameters, 0.541 GFLOPs
    tiny_test: 63,669 parameters, 0.0048 GFLOPs
    base: 151,425,233 parameters, 110.1 GFLOPs
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.apart import Apart
from unmask.layers.clip import Clip
from unmask.layers.flexible_experts import ExpertSizes, FlexibleExperts, Kind, Sensors
from unmask.layers.patch_saliency import salient_feature
from unmask.layers.refined_prompts import (
    PromptGates,
    PromptSizes,
    RefinedTexts,
    TextBias,
    VisualPrompts,
)
from unmask.layers.transformer import Step, require_positive
from unmask.layers.vision_language import TINY, TINY_TEST, Score, VisionLanguageConfig, answer
from unmask.types import Output, Routing


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(VisionLanguageConfig):
    """Sizes of both towers, of the experts and of the prompts."""

    experts: tuple[Kind, ...] = ("convolution", "central_difference", "frequency", "dilated")
    """Experts that the gate of a block chooses from, by what they do; a kind may stand more than
    once. Without any there is no gate, and the shared expert is a plain convolutional adapter."""
    shared_expert: bool = True
    """Beside those, a convolution that works for every picture."""
    routing: Literal["picture", "token"] = "picture"
    """What a gate chooses for."""
    top_k: int = 2
    """Experts per choice: at least two, as a gate learns by weighing one against another."""
    down_dim: int = 8
    """Channels of an expert; so many have convolutional bypasses."""
    theta: float = 0.7
    """Share of the central difference."""
    dilation: int = 2
    """Patches from tap to tap of the dilated convolution."""
    domain: Literal["literal", "idct"] = "literal"
    """What the gate of frequencies multiplies: the places, as FM-CLIP prints it, or the
    frequencies, which are then transformed back."""
    gate_sees_modality: bool = True
    """The gates are told the sensor, beside what they see."""
    modality_dim: int = 32
    """Features of a sensor's vector."""
    unknown: float = 0.1
    """Share of training pictures of which the gates are told that the sensor is unknown, so that
    they learn to go without; in use every picture names its sensor."""
    gate_noise: float = 1.0
    """Noise of the gates' scores in training, in units of 1 / experts."""
    dropout: float = 0.1
    """Of the experts, before they widen."""
    prompts: int = 4
    """Learned tokens before the name of a class, and visual prompts of each picture."""
    prompt_depth: int = 9
    """Blocks of both towers that add to the prompts; 1: they enter once."""
    prompt_update: Literal["accumulate", "replace"] = "accumulate"
    """Whether prompts keep what became of them in the block before."""
    visual_prompts: Literal["image", "learned", "none"] = "image"
    """Where those of the picture tower come from: the picture, or a table for all; or none."""
    prompt_attention: Literal["gated", "joint"] = "gated"
    """How other tokens see visual prompts: through a gate that starts at zero, or as any token."""
    coupling: int = 32
    """Rank of the maps from text prompts to visual prompts; 0: none."""
    text_conditional: bool = False
    """Each picture has texts of its own, told what its visual prompts hold: the text tower then
    runs for every picture, in use too."""
    saliency: float = 10.0
    """How much more the patches say that lean clearly to one class; 0: all alike."""
    score: Score = "both"
    """What makes the score: class token and patches, or the class token alone; ``optim.local`` says
    whether the patches are trained."""

    def __post_init__(self) -> None:
        VisionLanguageConfig.__post_init__(self)
        for field in ("down_dim", "dilation", "modality_dim", "prompts", "prompt_depth"):
            require_positive(field, getattr(self, field))
        for field in ("theta", "unknown", "dropout"):
            if not 0 <= getattr(self, field) <= 1:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be from 0 to 1")
        for field in ("gate_noise", "coupling", "saliency"):
            if not getattr(self, field) >= 0:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be at least 0")
        if self.experts and not 2 <= self.top_k <= len(self.experts):
            raise ConfigError(
                f"top_k is {self.top_k} and experts are {list(self.experts)}; a gate that learns "
                "chooses at least 2 and at most all of them, or give no experts at all"
            )
        if self.text_conditional and self.visual_prompts != "image":
            raise ConfigError(
                f"text_conditional is true and visual_prompts is {self.visual_prompts!r}; texts "
                "are told the prompts that come from a picture, so visual_prompts must be 'image'"
            )
        most = min(self.depth, self.text_depth)
        if self.prompt_depth > most:
            raise ConfigError(
                f"prompt_depth is {self.prompt_depth}; the smaller tower has {most} blocks, so it "
                f"must be at most {most}"
            )

    @property
    def expert_sizes(self) -> ExpertSizes:
        """Of the experts of one block."""
        return ExpertSizes(
            dim=self.dim,
            grid=self.grid,
            narrow=self.down_dim,
            kinds=self.experts,
            shared=self.shared_expert,
            top_k=self.top_k,
            per_token=self.routing == "token",
            modality_dim=self.modality_dim if self.gate_sees_modality else 0,
            noise=self.gate_noise,
            theta=self.theta,
            dilation=self.dilation,
            domain=self.domain,
            dropout=self.dropout,
        )

    @property
    def prompt_sizes(self) -> PromptSizes:
        """Of the prompts of both towers."""
        return PromptSizes(
            prompts=self.prompts,
            depth=self.prompt_depth,
            update=self.prompt_update,
            dim=self.dim,
            text_dim=self.text_dim,
            vocabulary=self.vocabulary,
            coupling=self.coupling,
            source="learned" if self.visual_prompts == "learned" else "image",
        )


VARIANTS = {
    "tiny": Config(**TINY, down_dim=16, prompt_depth=4),
    "tiny_test": Config(**TINY_TEST, down_dim=4, modality_dim=4, prompt_depth=2, coupling=8),
    "base": Config(),
}
BACKBONES = {"tiny": "shipped:clip_tiny"}


class FmmRpl(nn.Module):
    """Both towers, experts in one of them and prompts in both."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.backbone = Clip(config.clip)
        working = bool(config.experts) or config.shared_expert
        self.experts = nn.ModuleList(
            FlexibleExperts(config.expert_sizes) for _ in range(config.depth if working else 0)
        )
        if config.experts and config.gate_sees_modality:
            self.sensors = Sensors(
                len(config.modalities), config.modality_dim, unknown=config.unknown
            )
        self.texts = RefinedTexts(config.prompt_sizes, config.names)
        if config.visual_prompts != "none":
            self.prompts = VisualPrompts(config.prompt_sizes)
            if config.text_conditional:
                self.text_bias = TextBias(config.prompt_sizes)
            if config.prompt_attention == "gated":
                self.prompt_gates = PromptGates(config.depth, config.heads)
        self.backbone.requires_grad_(not config.frozen_backbone)

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        apart = self.config.apart(present)
        raw = self.backbone.image.raw(apart.pictures(image))  # (N, P, D)
        drawn = self.prompts.draw(raw) if hasattr(self, "prompts") else None  # (N, n, D)
        bias = self.text_bias(drawn) if hasattr(self, "text_bias") else None  # (N, n, D')
        texts, told = self.texts(self.backbone.text, bias)  # (2, E) or (N, 2, E), J prompts
        enter = None if drawn is None else self.prompts(drawn, told)
        class_token, patches, routing = self._seen(apart, raw, enter)  # (N, E), (N, P, E)
        local = salient_feature(patches, texts, sharpness=self.config.saliency)  # (N, E)
        scale = self.backbone.logit_scale.exp()
        levels = [class_token, local]
        return answer(apart, levels, texts, scale, routing, score=self.config.score)

    def _seen(
        self, apart: Apart, raw: Tensor, prompts: Step | None
    ) -> tuple[Tensor, Tensor, tuple[Routing, ...]]:
        """Class token (N, E) and patches (N, P, E) of each picture, and what the gates did."""
        tower = self.backbone.image
        x = tower.place(raw)  # (N, 1 + P, D)
        sensor = self.sensors(apart.modality) if hasattr(self, "sensors") else None  # (N, d)
        norms = [block.norm2 for block in tower.blocks.each()]
        routings: list[Routing] = []

        def beside(i: int, x: Tensor) -> Tensor:
            """What the experts of block i add, who see what the MLP sees: (N, S, D)."""
            added: Tensor
            added, routing = self.experts[i](norms[i](x), sensor, apart.valid)
            if routing is not None:
                routings.append(routing)
            return added

        features = tower.encode(
            x,
            prompts=prompts,
            beside=beside if self.experts else None,
            look=self.prompt_gates(x.shape[1]) if hasattr(self, "prompt_gates") else None,
        )
        return features.class_token, features.patches, placed(apart, routings)


def placed(apart: Apart, routings: Sequence[Routing]) -> tuple[Routing, ...]:
    """Routings of N pictures, or of their tokens, as those of B M: not valid where none is there.

    All blocks at once: many small steps cost a single picture more than what they compute.
    """
    count = apart.valid.shape[0]

    def spread(parts: Sequence[Tensor]) -> Sequence[Tensor]:
        """(N t, K) of each of J blocks -> J times (B M t, K), t tokens of each picture."""
        x = torch.stack([part.reshape(count, -1, part.shape[1]) for part in parts], dim=1)
        return [one.flatten(0, 2) for one in apart.together(x).unbind(dim=2)]

    if not routings:
        return ()
    valid = spread([routings[0].valid[:, None]])[0].squeeze(1)
    return tuple(
        replace(routing, prob=prob, expert=expert, log_sum=log_sum, valid=valid)
        for routing, prob, expert, log_sum in zip(
            routings,
            spread([r.prob for r in routings]),
            spread([r.expert for r in routings]),
            spread([r.log_sum for r in routings if r.log_sum is not None]),
            strict=True,
        )
    )


Model = FmmRpl
