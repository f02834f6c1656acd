"""A router that finds the best of n^2 experts by looking at 2 n keys.

Expert e = i n + j has the key (a_i, b_j); with a query (q1, q2) its score is <q1, a_i> + <q2, b_j>.
The best k of all n^2 sums are among the k x k sums of the best k of either half, so per head

    I = top-k_i <q1, a_i>,  J = top-k_j <q2, b_j>,  chosen = top-k of I x J
    weight = softmax over the chosen

Even the sum of exp(score) over all n^2 experts takes only 2 n terms, being a product of two sums.

Axes: T tokens, G gate features, h heads, n keys in each half (E = n^2 experts), k experts per
head, K = h * k, d key features.

Paper: Lample et al., "Large Memory Layers with Product Keys", NeurIPS 2019, section 3.2, equations
1 to 3; as a router: He, "Mixture of A Million Experts", 2024, section 2.2. Keys start at the scale
of Lample's code, 1 / sqrt(d), where that of BIG-MoE has 0.02: so small, they change places in the
first steps, and experts with them.
"""

import math

import torch
from torch import Tensor, nn

SHORT = 64
"""Keys up to which looking for the best and then for the next is faster than sorting out two."""


@torch.no_grad()
def best_of(score: Tensor, count: int) -> Tensor:
    """Places (..., count) of the highest of (..., n) scores, highest first."""
    if count > 2 or score.shape[-1] > SHORT:
        return score.topk(count, dim=-1)[1]
    first = score.argmax(dim=-1, keepdim=True)
    others = score.scatter(-1, first, -torch.inf)
    return torch.cat([first, others.argmax(dim=-1, keepdim=True)], dim=-1)[..., :count]


class ProductKeyRouter(nn.Module):
    """Choose ``heads * top_k`` of ``num_experts`` (a square) for each token."""

    def __init__(
        self,
        dim: int,
        *,
        num_experts: int,
        heads: int,
        top_k: int,
        key_dim: int,
        key_std: float = 0.0,
    ) -> None:
        """``key_std``: of the keys at the start; 0: 1 / sqrt(d)."""
        super().__init__()
        self.side = math.isqrt(num_experts)
        assert self.side**2 == num_experts
        assert top_k <= self.side
        self.heads = heads
        self.top_k = top_k
        self.norm = nn.RMSNorm(dim, eps=1e-6)
        self.query = nn.Linear(dim, heads * 2 * key_dim, bias=False)
        self.keys = nn.Parameter(torch.empty(heads, 2, self.side, key_dim))
        nn.init.normal_(self.keys, std=key_std or key_dim**-0.5)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(T, G) -> weight (T, K), expert (T, K), log of the sum of exp(score) over all (T, h).

        Weights are float32 and sum to 1 over each head.
        """
        with torch.autocast(x.device.type, enabled=False):  # small differences decide routing
            query = self.query(self.norm(x.float())).unflatten(-1, (self.heads, 2, -1))
            score = torch.einsum("thpd,hpnd->thpn", query, self.keys)  # (T, h, 2, n)
            place = best_of(score, self.top_k)  # (T, h, 2, k)
            best = score.gather(-1, place)
            pair = best[:, :, 0, :, None] + best[:, :, 1, None, :]  # (T, h, k, k)
            chosen, cell = pair.flatten(2).topk(self.top_k, dim=-1)  # (T, h, k)
            first = place[:, :, 0].gather(-1, cell // self.top_k)  # (T, h, k)
            second = place[:, :, 1].gather(-1, cell % self.top_k)
            weight = chosen.softmax(dim=-1)
            most = best[..., :1].detach()
            log_sum = ((score - most).exp().sum(dim=-1).log() + most[..., 0]).sum(dim=-1)  # (T, h)
        return weight.flatten(1), (first * self.side + second).flatten(1), log_sum
