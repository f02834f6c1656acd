"""BIG-MoE: a vision transformer with fine-grained experts behind an isolated gate, fed by a bypass.

1. Prompts: central difference convolution of all modalities together, a learned picture for the set
   of absent modalities and one for all sets; a strided convolution turns them into the prompt map.
2. Patches of all present modalities are one sequence, and attend to each other in every block.
3. Isolated gating (IGMA), beside the MLP of every block: at each patch position the features of the
   M modalities are narrowed and joined; a product-key gate, which sees [feature; prompt], chooses
   single-neuron experts, which see the feature alone; their answer is widened and added to the
   patches.
4. Convolutional prompt bypass (CPB), between blocks: the prompt map plus channel attention over
   central difference convolutions of the map and of what the gate saw. The class token passes by
   both.
5. The head reads the class token beside the mean of the present patches.

Axes: B presentations, M modalities, m of them with tokens, H W pixels, P patches of one modality
on a G x G grid, S = 1 + m P tokens, D features of a token, r of a narrowed one, C channels of the
prompt.

Paper: Ma, Yu, Lin, Xie, Shen, "BIG-MoE: Bypass Isolated Gating MoE for Generalized Multimodal Face
Anti-Spoofing", ICASSP 2025, arXiv 2412.18065; wired as in its framework figure.

Differs: the last block has no CPB, as nobody would read it. Inferred, for the figure does not say:
the head reads the patches too, else nothing would train the last IGMA; each branch of the CPB gives
half of its channels, followed by QuickGELU and dropout as in the published code; one logit instead
of two; expert tables start at std 1 / sqrt(features), where the published ones start at 1;
modalities share the class token and the positions of the backbone, which keep learning, and have a
learned vector each. The widening starts at zero, so an untrained model is exactly the plain
transformer of its backbone. The code of the absent modalities tells the truth in training and use.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality.
    tiny: 1,400,509 parameters, 0.326 GFLOPs
    tiny_test: 67,687 parameters, 0.0044 GFLOPs
    base: 88,741,301 parameters, 114.0 GFLOPs
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.central_difference import CentralDifferenceConv2d
from unmask.layers.channel_attention import ChannelAttention
from unmask.layers.fine_grained_experts import FineGrainedExperts
from unmask.layers.presence import Presence
from unmask.layers.product_keys import ProductKeyRouter
from unmask.layers.quick_gelu import quick_gelu
from unmask.layers.transformer import require_multiple, require_positive
from unmask.layers.vit import Backbone, BackboneConfig
from unmask.types import Output, Routing


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(BackboneConfig):
    """Sizes of the transformer and of what is added to it."""

    frozen_backbone: bool = True
    """Patch embedding, blocks and final norm keep their weights."""
    down_dim: int = 8
    """Features of one modality that gate and experts see at a position."""
    prompt_dim: int = 64
    """Channels of the prompt map."""
    num_experts: int = 1600
    """A square, as experts have product keys."""
    expert_heads: int = 2
    """Independent choices at each position."""
    top_k: int = 2
    """Experts per choice."""
    theta: float = 0.7
    """Share of the central difference in each 3x3 convolution; 0 is a plain convolution."""
    dropout: float = 0.1
    """Of the experts' answer and of the bypass."""

    def __post_init__(self) -> None:
        BackboneConfig.__post_init__(self)
        for field in ("down_dim", "prompt_dim", "num_experts", "expert_heads", "top_k"):
            require_positive(field, getattr(self, field))
        require_multiple("prompt_dim", self.prompt_dim, "the number of CPB branches", 2)
        side = math.isqrt(self.num_experts)
        if side**2 != self.num_experts:
            raise ConfigError(
                f"num_experts is {self.num_experts}; it must be a square, "
                f"such as {side**2} or {(side + 1) ** 2}"
            )
        if self.top_k > side:
            raise ConfigError(
                f"top_k is {self.top_k}; {self.num_experts} experts allow at most {side}"
            )
        for field in ("theta", "dropout"):
            if not 0 <= getattr(self, field) <= 1:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be from 0 to 1")


VARIANTS = {
    "tiny": Config(
        image_size=112,
        dim=128,
        depth=4,
        heads=4,
        prompt_dim=32,
        num_experts=256,
        frozen_backbone=False,
    ),
    "tiny_test": Config(
        image_size=32,
        patch_size=8,
        dim=32,
        depth=2,
        heads=2,
        down_dim=4,
        prompt_dim=8,
        num_experts=16,
        frozen_backbone=False,
    ),
    "base": Config(),
}


class BigMoE(nn.Module):
    """Two streams, tokens and prompts, that meet in the gates."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.prompt = PromptGenerator(config)
        self.igma = nn.ModuleList(Igma(config) for _ in range(config.depth))
        self.cpb = nn.ModuleList(Cpb(config) for _ in range(config.depth - 1))
        self.head = nn.Linear(2 * config.dim, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        if config.frozen_backbone:
            self.backbone.freeze()

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        presence = Presence.of(present, drop=self.config.absent == "drop")
        image = presence.hide(image)
        prompt = self.prompt(image, present)  # (B, C, G, G)
        x = self.backbone.embed(image, presence)  # (B, S, D)
        mask = presence.attention_mask(self.backbone.patches)
        routings: list[Routing] = []
        for i, block in enumerate(self.backbone.each_block()):
            x = block.attend(x, mask)
            adapted, seen, routing = self.igma[i](x, prompt, presence)  # (B, S, D), (B, 2 r, G, G)
            x = block.think(x) + adapted
            if i < len(self.cpb):
                prompt = self.cpb[i](prompt, seen)
            routings.append(routing)
        feature = self.backbone.read(x, presence)  # (B, 2 D)
        logit = self.head(feature).squeeze(-1)  # (B,)
        return Output(logit=logit.float(), feature=feature.float(), routing=tuple(routings))


class PromptGenerator(nn.Module):
    """What the sensors saw together, and which of them were absent, as one map.

    Row c of the table belongs to the set of absent modalities c = sum of 2^i over the absent ones,
    i being the place in ``Config.modalities``: row 0 when nothing is missing.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        count, size = len(config.modalities), config.image_size
        self.content = CentralDifferenceConv2d(3 * count, 3, theta=config.theta)
        self.absent = nn.Embedding(2**count, 3 * size * size)
        self.task = nn.Parameter(torch.zeros(3, size, size))
        self.patches = nn.Conv2d(
            9, config.prompt_dim, kernel_size=config.patch_size, stride=config.patch_size
        )
        nn.init.zeros_(self.absent.weight)

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        """(B, M, 3, H, W), zero where absent, and (B, M) bool -> (B, C, G, G)."""
        content = quick_gelu(self.content(image.flatten(1, 2)))  # (B, 3, H, W)
        absent = self.absent(absence_code(present)).reshape(content.shape)
        task = self.task.expand_as(content)
        prompt: Tensor = self.patches(torch.cat([content, absent, task], dim=1))
        return prompt


def absence_code(present: Tensor) -> Tensor:
    """(B, M) bool -> (B,) int64; bit i is set where modality i is absent."""
    bit = 2 ** torch.arange(present.shape[1], device=present.device)
    return (~present * bit).sum(dim=1)


class Igma(nn.Module):
    """Isolated gating: experts see the features alone, the gate sees features and prompt.

    Feature and gate have a narrowing (a 1x1 convolution) of their own, shared by the modalities;
    one matrix product computes both. One choice of experts serves all modalities of a position.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.narrow = config.down_dim
        wide, joined = config.dim, len(config.modalities) * config.down_dim
        self.patches = config.grid**2
        self.down = nn.Linear(wide, 2 * self.narrow)
        self.gate_feature = nn.Linear(joined, self.narrow)
        self.gate_prompt = nn.Linear(config.prompt_dim, self.narrow)
        router = ProductKeyRouter(
            2 * self.narrow,
            num_experts=config.num_experts,
            heads=config.expert_heads,
            top_k=config.top_k,
            key_dim=self.narrow,
        )
        self.experts = FineGrainedExperts(joined, router)
        self.dropout = nn.Dropout(config.dropout)
        self.up = nn.Linear(self.narrow, wide)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(
        self, x: Tensor, prompt: Tensor, presence: Presence
    ) -> tuple[Tensor, Tensor, Routing]:
        """(B, S, D), (B, C, G, G) -> what to add (B, S, D), what the gate saw (B, 2 r, G, G)."""
        feature, gate = self._narrowed(x, presence)  # (B, P, M r) each
        told = self.gate_prompt(prompt.flatten(2).transpose(1, 2))  # (B, P, r)
        seen = quick_gelu(torch.cat([self.gate_feature(gate), told], dim=-1))  # (B, P, 2 r)
        valid = presence.present.any(dim=1).repeat_interleave(self.patches)  # (B P,)
        y, routing = self.experts(feature.flatten(0, 1), seen.flatten(0, 1), valid)  # (B P, M r)
        y = self._widened(self.dropout(y), presence)
        return y, seen.transpose(1, 2).reshape(-1, seen.shape[2], *prompt.shape[2:]), routing

    def _narrowed(self, x: Tensor, presence: Presence) -> tuple[Tensor, Tensor]:
        """Tokens (B, S, D) -> what the experts and what the gate see, (B, P, M r) each."""
        both = quick_gelu(self.down(x))[:, 1:]  # (B, m P, 2 r), without the class token
        both = both.reshape(x.shape[0], len(presence.columns), self.patches, 2 * self.narrow)
        both = presence.spread(both).transpose(1, 2)  # (B, P, M, 2 r)
        feature, gate = both.chunk(2, dim=-1)
        return feature.flatten(2), gate.flatten(2)

    def _widened(self, y: Tensor, presence: Presence) -> Tensor:
        """Answers of the experts (B P, M r) -> (B, S, D), zero for the class token."""
        y = y.reshape(-1, self.patches, presence.present.shape[1], self.narrow)  # (B, P, M, r)
        y = y.transpose(1, 2)[:, presence.columns].flatten(1, 2)  # (B, m P, r)
        return F.pad(quick_gelu(self.up(y)), (0, 0, 1, 0))


class Cpb(nn.Module):
    """Bypass: P + Dropout(Attention(QuickGELU(Cat(CDC(P), CDC(what the gate saw)))))."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        half = config.prompt_dim // 2
        self.carry = CentralDifferenceConv2d(config.prompt_dim, half, theta=config.theta)
        self.learn = CentralDifferenceConv2d(2 * config.down_dim, half, theta=config.theta)
        self.attention = ChannelAttention()
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, prompt: Tensor, seen: Tensor) -> Tensor:
        """(B, C, G, G), (B, 2 r, G, G) -> (B, C, G, G)."""
        both = torch.cat([self.carry(prompt), self.learn(seen)], dim=1)  # (B, C, G, G)
        change: Tensor = self.dropout(self.attention(quick_gelu(both)))
        return prompt + change


Model = BigMoE
