"""IGMA: experts in a narrow space, whose gate has an input of its own.

    isolated:  feature = q(x W), gate sees [q(q(x W') W_f) ; q(prompt W_p)], experts see feature
    shared:    feature = q(x W), gate and experts both see [feature ; q(prompt W_p)]
    answer = q((feature + Experts) W_up),  q = QuickGELU

Without ``refine`` the experts' answer takes the place of the feature, as in the published code:
answer = q(Experts W_up). At each patch position the narrowed features of the M modalities are
joined before gate and experts see them, and one choice of experts serves them all. The class token
passes by. W_up starts at zero, so at first nothing is added.

Axes: B presentations, M modalities, m of them with tokens, P patches of one modality on a G x G
grid, S = 1 + m P tokens, D features of a token, r of a narrowed one, C channels of the prompt,
I features that the gate sees.

Paper: Ma et al., "BIG-MoE: Bypass Isolated Gating MoE for Generalized Multimodal Face
Anti-Spoofing", ICASSP 2025, figure of the framework, part (c). Inferred: that experts refine the
feature; and the shared gate, where what the experts lose in isolation (sight of the prompt) and
what the gate loses (the narrowed feature at full width) is given to both: neither knows less than
before, but both are wider.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.layers.coarse_experts import CoarseExperts
from unmask.layers.fine_grained_experts import FineGrainedExperts
from unmask.layers.presence import Presence
from unmask.layers.quick_gelu import quick_gelu
from unmask.types import Routing


@dataclass(frozen=True, kw_only=True, slots=True)
class GatingSizes:
    """What gate and experts see, and how wide it is."""

    modalities: int
    """M."""
    grid: int
    """G."""
    dim: int
    """D."""
    narrow: int
    """r."""
    prompt: int
    """C; 0 where there are no prompts."""
    shared: bool
    """Gate and experts read the very same input."""
    refine: bool
    """What the experts answer is added to the feature."""

    @property
    def patches(self) -> int:
        """P."""
        return self.grid**2

    @property
    def joined(self) -> int:
        """Features of a position, all modalities together: what comes in and what is answered."""
        return self.modalities * self.narrow

    @property
    def gate(self) -> int:
        """I: a feature of its own or, shared, that of the experts; and the prompt."""
        feature = self.joined if self.shared else self.narrow
        return feature + (self.narrow if self.prompt else 0)

    @property
    def experts(self) -> int:
        """Features that the experts see."""
        return self.gate if self.shared else self.joined


class Igma(nn.Module):
    """Narrow, choose, answer, widen; narrowings (1x1 convolutions) are shared by the modalities."""

    def __init__(
        self, sizes: GatingSizes, experts: FineGrainedExperts | CoarseExperts, *, dropout: float
    ) -> None:
        super().__init__()
        self.sizes = sizes
        self.narrow = sizes.narrow
        narrowings = 1 if sizes.shared else 2  # for experts and gate; one matrix product does both
        self.down = nn.Linear(sizes.dim, narrowings * self.narrow)
        if not sizes.shared:
            self.gate_feature = nn.Linear(sizes.joined, self.narrow)
        if sizes.prompt:
            self.gate_prompt = nn.Linear(sizes.prompt, self.narrow)
        self.experts = experts
        self.dropout = nn.Dropout(dropout)
        self.up = nn.Linear(self.narrow, sizes.dim)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(
        self, x: Tensor, prompt: Tensor | None, presence: Presence
    ) -> tuple[Tensor, Tensor, Routing]:
        """What to add to (B, S, D), and what the gate saw, (B, I, G, G).

        ``prompt`` is (B, C, G, G) or, the same at every position, (B, C, 1, 1).
        """
        feature, gate = self._narrowed(x, presence)  # (B, P, M r) each
        seen = self._seen(gate, prompt)  # (B, P, I)
        read = seen if self.sizes.shared else feature
        valid = presence.present.any(dim=1).repeat_interleave(self.sizes.patches)  # (B P,)
        y, routing = self.experts(read.flatten(0, 1), seen.flatten(0, 1), valid)  # (B P, M r)
        y = self.dropout(y)
        if self.sizes.refine:
            y = y + feature.flatten(0, 1)
        seen = seen.transpose(1, 2).reshape(-1, self.sizes.gate, self.sizes.grid, self.sizes.grid)
        return self._widened(y, presence), seen, routing

    def _narrowed(self, x: Tensor, presence: Presence) -> tuple[Tensor, Tensor]:
        """Tokens (B, S, D) -> what there is for the experts and for the gate, (B, P, M r) each."""
        narrowed = quick_gelu(self.down(x))[:, 1:]  # (B, m P, r or 2 r), without the class token
        size = (x.shape[0], len(presence.columns), self.sizes.patches, narrowed.shape[2])
        narrowed = presence.spread(narrowed.reshape(size)).transpose(1, 2)  # (B, P, M, r or 2 r)
        feature, gate = narrowed[..., : self.narrow], narrowed[..., -self.narrow :]
        return feature.flatten(2), gate.flatten(2)

    def _seen(self, gate: Tensor, prompt: Tensor | None) -> Tensor:
        """(B, P, M r) and the prompt -> what the gate sees, (B, P, I)."""
        if not self.sizes.shared:
            gate = quick_gelu(self.gate_feature(gate))  # (B, P, r)
        if prompt is None:
            return gate
        told = quick_gelu(self.gate_prompt(prompt.flatten(2).transpose(1, 2)))  # (B, P or 1, r)
        return torch.cat([gate, told.expand(-1, self.sizes.patches, -1)], dim=-1)

    def _widened(self, y: Tensor, presence: Presence) -> Tensor:
        """Answers of the experts (B P, M r) -> (B, S, D), zero for the class token."""
        y = y.reshape(-1, self.sizes.patches, self.sizes.modalities, self.narrow)  # (B, P, M, r)
        y = y.transpose(1, 2)[:, presence.columns].flatten(1, 2)  # (B, m P, r)
        return F.pad(quick_gelu(self.up(y)), (0, 0, 1, 0))
