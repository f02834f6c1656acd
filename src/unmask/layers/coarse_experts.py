"""The traditional mixture: a few large experts, of which a noisy gate chooses the best.

    H = z W_gate + N(0, 1) softplus(z W_noise),  z = RMSNorm(gate input), noise in training alone
    p = softmax(H);  chosen = top-k of H;  weight = softmax over the chosen
    y = sum over chosen e of  weight_e  (V_e GELU(U_e RMSNorm(x) + a_e) + b_e)

Every expert runs for every token and those not chosen weigh zero: with so few this is exact, has
one shape for any routing, and is fast enough. Inputs are normalised as those of the fine-grained
experts are, so that the kind of expert is the only difference.

Axes: T tokens, D features, A features of the answer, G gate features, E experts, F neurons of an
expert, K experts per token.

Paper: Shazeer et al., "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts
Layer", ICLR 2017, equations 2 to 5; W_gate and W_noise start at zero as in its appendix A.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.types import Routing


class NoisyTopKRouter(nn.Module):
    """Choose ``top_k`` of ``num_experts`` for each token."""

    def __init__(self, dim: int, *, num_experts: int, top_k: int) -> None:
        super().__init__()
        assert top_k <= num_experts
        self.num_experts = num_experts
        self.top_k = top_k
        self.norm = nn.RMSNorm(dim, eps=1e-6)
        self.gate = nn.Linear(dim, num_experts, bias=False)
        self.noise = nn.Linear(dim, num_experts, bias=False)
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.noise.weight)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(T, G) -> weight (T, K), prob (T, E), expert (T, K), log of the sum of exp(H) (T, 1)."""
        with torch.autocast(x.device.type, enabled=False):  # small differences decide routing
            z = self.norm(x.float())
            score = self.gate(z)  # (T, E)
            if self.training:
                score = score + torch.randn_like(score) * F.softplus(self.noise(z))
            best, expert = score.topk(self.top_k, dim=-1)  # (T, K)
            log_sum = score.logsumexp(dim=-1, keepdim=True)  # (T, 1)
        return best.softmax(dim=-1), score.softmax(dim=-1), expert, log_sum


class CoarseExperts(nn.Module):
    """Stacked two-layer perceptrons of ``expert_dim`` neurons each, and the router over them."""

    def __init__(
        self,
        dim: int,
        router: NoisyTopKRouter,
        *,
        expert_dim: int,
        answer_dim: int = 0,
        silent: bool = False,
    ) -> None:
        """``answer_dim`` 0: as wide as what they see; ``silent``: their answer starts at zero."""
        super().__init__()
        self.router = router
        count, answer_dim = router.num_experts, answer_dim or dim
        self.norm = nn.RMSNorm(dim, eps=1e-6)
        self.down_weight = nn.Parameter(torch.empty(count, expert_dim, dim))
        self.down_bias = nn.Parameter(torch.zeros(count, expert_dim))
        self.up_weight = nn.Parameter(torch.empty(count, answer_dim, expert_dim))
        self.up_bias = nn.Parameter(torch.zeros(count, answer_dim))
        nn.init.normal_(self.down_weight, std=dim**-0.5)
        nn.init.normal_(self.up_weight, std=0.0 if silent else expert_dim**-0.5)

    def forward(self, x: Tensor, gate: Tensor, valid: Tensor) -> tuple[Tensor, Routing]:
        """(T, D), (T, G) and (T,) bool -> (T, A) and who did it."""
        weight, prob, expert, log_sum = self.router(gate)
        share = torch.zeros_like(prob).scatter(1, expert, weight)  # (T, E), zero if not chosen
        hidden = (
            torch.einsum("td,efd->tef", self.norm(x.float()), self.down_weight) + self.down_bias
        )
        hidden = F.gelu(hidden) * share[..., None]  # (T, E, F)
        y = torch.einsum("tef,eaf->ta", hidden, self.up_weight) + share @ self.up_bias  # (T, A)
        routing = Routing(
            prob=prob,
            expert=expert,
            valid=valid,
            num_experts=self.router.num_experts,
            log_sum=log_sum,
        )
        return y, routing
