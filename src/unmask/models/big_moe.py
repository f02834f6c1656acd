"""BIG-MoE: a vision transformer with fine-grained experts behind an isolated gate, fed by a bypass.

1. Prompts: central difference convolution of all modalities together, a learned picture for the set
   of absent modalities and one for all sets; a strided convolution turns them into the prompt map.
2. Patches of all present modalities are one sequence, and attend to each other in every block.
3. Isolated gating (IGMA), beside the MLP of every block: at each patch position the features of the
   M modalities are narrowed and joined; a product-key gate, which sees [feature; prompt], chooses
   single-neuron experts, which see the feature alone; it is refined by their answer, widened and
   added to the patches.
4. Convolutional prompt bypass (CPB), between blocks: the prompt map plus channel attention over
   central difference convolutions of the map and of what the gate saw. The class token passes by
   both.
5. The head reads the class token beside the mean of the patches.

Each of its claims has a switch that takes it away: ``experts``, ``gate``, ``prompts``, ``theta``.

Axes: B presentations, M modalities, m of them with tokens, H W pixels, P patches of one modality
on a G x G grid, S = 1 + m P tokens, D features of a token, C channels of the prompt, I features
that the gate sees.

Paper: Ma, Yu, Lin, Xie, Shen, "BIG-MoE: Bypass Isolated Gating MoE for Generalized Multimodal Face
Anti-Spoofing", ICASSP 2025, arXiv 2412.18065; wired as in its framework figure.

Differs: the last block has no CPB, as nobody would read it. Inferred, for the figure does not say:
the head reads the patches too, else nothing would train the last IGMA; each branch of the CPB gives
half of its channels, followed by QuickGELU and dropout as in the published code; one logit instead
of two; experts refine the feature that they see, where in the published code their answer takes its
place (``refine``); experts that refine start silent, their answer being zero, as a random one would
only disturb what the narrowing learns first, and other tables start at std 1 / sqrt(features),
where the published ones start at 1; modalities share the class token and the positions of the
backbone, which keep learning, and have a learned vector each. The widening starts at zero, so an
untrained model is exactly the plain transformer of its backbone (but for prompt tokens, which all
others attend to). The code of the absent modalities tells the truth in training and use.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality.
    tiny: 1,937,107 parameters, 0.485 GFLOPs
    tiny_test: 67,687 parameters, 0.0044 GFLOPs
    base: 88,741,301 parameters, 114.0 GFLOPs
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.coarse_experts import CoarseExperts, NoisyTopKRouter
from unmask.layers.fine_grained_experts import FineGrainedExperts
from unmask.layers.isolated_gating import GatingSizes, Igma
from unmask.layers.product_keys import ProductKeyRouter
from unmask.layers.prompt_bypass import Cpb, PromptGenerator, PromptTokens
from unmask.layers.transformer import require_multiple, require_positive
from unmask.layers.vit import Backbone, BackboneConfig
from unmask.types import Output, Routing

MOST_COARSE = 64
"""Coarse experts all run for every token, so there are few."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(BackboneConfig):
    """Sizes of the transformer and of what is added to it."""

    frozen_backbone: bool = True
    """Patch embedding, blocks and final norm keep their weights."""
    down_dim: int = 8
    """Features of one modality that gate and experts see at a position."""
    experts: Literal["fine_grained", "coarse"] = "fine_grained"
    """Very many of one neuron each, found by product keys; or the traditional mixture: a few
    (num_experts 4 to 8) with expert_dim neurons each, chosen by a noisy top-k gate."""
    num_experts: int = 1600
    """Fine-grained: a square, as experts have product keys."""
    expert_dim: int = 200
    """Neurons of a coarse expert: so many that 8 of them are as large as all fine-grained ones."""
    expert_heads: int = 2
    """Independent choices at each position; coarse experts are chosen once. A choice weighs 1, so
    more choices of two neurons each learn faster than few choices of many."""
    top_k: int = 2
    """Experts per choice: at least two, as a gate learns by weighing one against another."""
    sparse_steps: bool = False
    """A training step changes no fine-grained expert but those that its batch used: other weights
    than with AdamW throughout, and much faster from 100,000 experts on."""
    refine: bool = True
    """What the experts answer is added to the narrowed features, so that they refine them; else it
    takes their place, as in the published code."""
    gate: Literal["isolated", "shared"] = "isolated"
    """Gate and experts see inputs of their own, the prompt being the gate's alone; or both read
    [feature; prompt]."""
    prompts: Literal["cpb", "vector", "none"] = "cpb"
    """A map that convolutions carry from block to block; or ordinary prompt tokens in each block,
    learned for each set of absent modalities; or none, and the gate sees features alone."""
    prompt_dim: int = 64
    """Channels of a prompt map."""
    picture_rate: float = 0.1
    """Share of the rate at which the pictures of absent modalities and of the task are learned."""
    prompt_tokens: int = 8
    """Prompt tokens of a block, where prompts are ``vector``."""
    theta: float = 0.7
    """Share of the central difference in each 3x3 convolution; 0 is a plain convolution."""
    dropout: float = 0.1
    """Of the experts' answer and of the bypass."""

    def __post_init__(self) -> None:
        BackboneConfig.__post_init__(self)
        for field in ("down_dim", "expert_dim", "expert_heads", "prompt_dim", "prompt_tokens"):
            require_positive(field, getattr(self, field))
        require_multiple("prompt_dim", self.prompt_dim, "the number of CPB branches", 2)
        for field in ("theta", "picture_rate", "dropout"):
            if not 0 <= getattr(self, field) <= 1:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be from 0 to 1")
        most = self._most_coarse() if self.experts == "coarse" else self._most_fine_grained()
        if not 2 <= self.top_k <= most:
            raise ConfigError(
                f"top_k is {self.top_k}; {self.num_experts} experts allow at most {most}, and a "
                "gate that learns at least 2"
            )
        chosen = self.expert_heads * self.top_k
        if self.experts == "fine_grained" and chosen >= self.num_experts:
            raise ConfigError(
                f"expert_heads is {self.expert_heads} and top_k {self.top_k}; together they must "
                f"choose fewer than the {self.num_experts} experts that there are"
            )

    def _most_coarse(self) -> int:
        """Largest ``top_k``."""
        if not 2 <= self.num_experts <= MOST_COARSE:
            raise ConfigError(
                f"num_experts is {self.num_experts}; coarse experts are few: 2 to {MOST_COARSE}, "
                "usually 4 to 8"
            )
        return self.num_experts

    def _most_fine_grained(self) -> int:
        """Largest ``top_k``."""
        side = math.isqrt(max(self.num_experts, 0))
        if side < 2 or side**2 != self.num_experts:
            raise ConfigError(
                f"num_experts is {self.num_experts}; it must be a square, "
                f"such as {max(side, 2) ** 2} or {max(side + 1, 3) ** 2}"
            )
        return side

    @property
    def gating(self) -> GatingSizes:
        """Sizes of one IGMA."""
        prompt = {"cpb": self.prompt_dim, "vector": self.dim, "none": 0}[self.prompts]
        return GatingSizes(
            modalities=len(self.modalities),
            grid=self.grid,
            dim=self.dim,
            narrow=self.down_dim,
            prompt=prompt,
            shared=self.gate == "shared",
            refine=self.refine,
        )


VARIANTS = {
    "tiny": Config(
        image_size=112,
        dim=128,
        depth=6,
        heads=4,
        prompt_dim=32,
        num_experts=256,
        expert_heads=32,
        expert_dim=32,
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
        expert_dim=4,
        frozen_backbone=False,
    ),
    "base": Config(),
}
BACKBONES = {"tiny": "shipped:vit_tiny"}


class BigMoE(nn.Module):
    """Two streams, tokens and prompts, that meet in the gates."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        count, depth = len(config.modalities), config.depth
        self.backbone = Backbone(config)
        if config.prompts == "cpb":
            self.prompt = PromptGenerator(
                count,
                image_size=config.image_size,
                patch_size=config.patch_size,
                dim=config.prompt_dim,
                theta=config.theta,
                picture_rate=config.picture_rate,
            )
        self.tokens = nn.ModuleList(
            PromptTokens(count, config.prompt_tokens, config.dim)
            for _ in range(depth if config.prompts == "vector" else 0)
        )
        self.igma = nn.ModuleList(
            Igma(config.gating, experts_of(config), dropout=config.dropout) for _ in range(depth)
        )
        self.cpb = nn.ModuleList(
            Cpb(config.prompt_dim, config.gating.gate, theta=config.theta, dropout=config.dropout)
            for _ in range(depth - 1 if config.prompts == "cpb" else 0)
        )
        self.head = nn.Linear(2 * config.dim, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        if config.frozen_backbone:
            self.backbone.freeze()

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        presence = self.config.presence(present)
        image = presence.hide(image)
        prompt = self.prompt(image, present) if self.config.prompts == "cpb" else None
        x = self.backbone.embed(image, presence)  # (B, S, D)
        mask = presence.attention_mask(self.backbone.patches)
        routings: list[Routing] = []
        for i, block in enumerate(self.backbone.each_block()):
            if i < len(self.tokens):
                x, prompt = self.tokens[i](block, x, mask, present)  # (B, S, D), (B, D, 1, 1)
            else:
                x = block.attend(x, mask)
            adapted, seen, routing = self.igma[i](x, prompt, presence)  # (B, S, D), (B, I, G, G)
            x = block.think(x) + adapted
            if i < len(self.cpb):
                prompt = self.cpb[i](prompt, seen)  # (B, C, G, G)
            routings.append(routing)
        feature = self.backbone.read(x, presence)  # (B, 2 D)
        logit = self.head(feature).squeeze(-1)  # (B,)
        return Output(logit=logit.float(), feature=feature.float(), routing=tuple(routings))


def experts_of(config: Config) -> FineGrainedExperts | CoarseExperts:
    """The experts of one IGMA, with their gate."""
    sizes = config.gating
    if config.experts == "coarse":
        noisy = NoisyTopKRouter(sizes.gate, num_experts=config.num_experts, top_k=config.top_k)
        return CoarseExperts(
            sizes.experts,
            noisy,
            expert_dim=config.expert_dim,
            answer_dim=sizes.joined,
            silent=config.refine,
        )
    router = ProductKeyRouter(
        sizes.gate,
        num_experts=config.num_experts,
        heads=config.expert_heads,
        top_k=config.top_k,
        key_dim=config.down_dim,
    )
    return FineGrainedExperts(
        sizes.experts,
        router,
        answer_dim=sizes.joined,
        silent=config.refine,
        sparse=config.sparse_steps,
    )


Model = BigMoE
