"""Very many experts of a single neuron each, of which every token uses a few.

    y = sum_k  weight_k  GELU(<RMSNorm(x), down_k>)  up_k

over the K experts that a product-key router chose. Expert e is row e of two tables, so a token
reads 2 K rows, however many experts there are. The router has an input of its own: what the experts
see need not be what the gate sees.

Where a token uses many of few experts, all of them are asked and few are heard: the same sum as
matrix products, which take less time than reading rows from E < 16 K on.

A dense gradient has all 2 E rows, and an optimiser step reads and writes them all: past 100,000
experts that is most of a training step. With ``sparse`` the gradient has the rows that were used.

Axes: T tokens, D features, A features of the answer, G gate features, E experts, K experts per
token, h choices of the router.

Paper: He, "Mixture of A Million Experts", 2024, equations 1 to 3 and section 2.2.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.layers.product_keys import ProductKeyRouter
from unmask.types import Routing

FEW = 16
"""Experts per chosen one, up to which asking all of them is faster."""


class FineGrainedExperts(nn.Module):
    """Two tables of ``router.side ** 2`` rows, and the router that reads them."""

    def __init__(
        self,
        dim: int,
        router: ProductKeyRouter,
        *,
        answer_dim: int = 0,
        silent: bool = False,
        sparse: bool = False,
    ) -> None:
        """``answer_dim`` 0: as wide as what they see; ``silent``: their answer starts at zero."""
        super().__init__()
        self.router = router
        self.num_experts = router.side**2
        self.norm = nn.RMSNorm(dim, eps=1e-6)
        self.down = nn.Embedding(self.num_experts, dim, sparse=sparse)
        self.up = nn.Embedding(self.num_experts, answer_dim or dim, sparse=sparse)
        nn.init.normal_(self.down.weight, std=dim**-0.5)
        nn.init.normal_(self.up.weight, std=0.0 if silent else dim**-0.5)

    def forward(self, x: Tensor, gate: Tensor, valid: Tensor) -> tuple[Tensor, Routing]:
        """(T, D), (T, G) and (T,) bool -> (T, A) and who did it."""
        weight, expert, log_sum = self.router(gate)  # (T, K), (T, K), (T, h)
        y = self._answer(self.norm(x.float()), weight, expert)
        routing = Routing(
            prob=weight,
            expert=expert,
            valid=valid,
            num_experts=self.num_experts,
            log_sum=log_sum,
        )
        return y, routing

    def _answer(self, x: Tensor, weight: Tensor, expert: Tensor) -> Tensor:
        """Normalised (T, D), weights (T, K) and experts (T, K) -> (T, A)."""
        if self.down.sparse or self.num_experts > FEW * expert.shape[1]:
            hidden = (x[:, None] * self.down(expert)).sum(dim=-1)  # (T, K)
            y: Tensor = ((F.gelu(hidden) * weight)[..., None] * self.up(expert)).sum(dim=1)
            return y
        with torch.autocast(x.device.type, enabled=False):  # as exact as where rows are read
            hidden = (x @ self.down.weight.T).gather(1, expert)  # (T, K)
            said = x.new_zeros(x.shape[0], self.num_experts)  # (T, E)
            return said.scatter_add(1, expert, F.gelu(hidden) * weight) @ self.up.weight
