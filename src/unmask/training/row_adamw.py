"""AdamW that, of a table with a sparse gradient, reads and writes only the rows that were used.

A dense gradient of a million rows costs a step several times what the rest of it does, though a
batch has used a few thousand of them. Where the gradient is sparse, moments and weights of rows
without gradient stay as they are: they neither decay nor coast, as in SparseAdam. Everything else
is AdamW to the bit. A table has no weight decay here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor


class RowAdamW(torch.optim.AdamW):
    """AdamW for parameters some of which have sparse gradients."""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update; ``closure`` computes the gradients first, where there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        tables = list(self._tables())
        for group, table, grad in tables:
            self._update_rows(group, table, grad)
            table.grad = None  # AdamW passes by what has no gradient
        super().step()
        for _, table, grad in tables:
            table.grad = grad
        return loss

    def _tables(self) -> Iterator[tuple[dict[str, Any], Tensor, Tensor]]:
        """Parameters with a sparse gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and parameter.grad.is_sparse:
                    yield group, parameter, parameter.grad

    @torch.no_grad()
    def _update_rows(self, group: dict[str, Any], table: Tensor, grad: Tensor) -> None:
        assert group["weight_decay"] == 0, "it would shrink every row"
        state = self.state[table]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(table)
            state["exp_avg_sq"] = torch.zeros_like(table)
        state["step"] += 1
        grad = grad.coalesce()
        row, value = grad.indices()[0], grad.values()  # (n,), (n, D)
        beta1, beta2 = group["betas"]
        mean = state["exp_avg"][row].lerp(value, 1 - beta1)
        square = state["exp_avg_sq"][row].mul(beta2).addcmul(value, value, value=1 - beta2)
        state["exp_avg"][row], state["exp_avg_sq"][row] = mean, square
        count = float(state["step"])
        spread = (square / (1 - beta2**count)).sqrt() + group["eps"]
        table[row] -= group["lr"] * (mean / (1 - beta1**count)) / spread


@torch.no_grad()
def clip_norm(parameters: Iterable[Tensor], largest: float) -> None:
    """Scale all gradients, dense and sparse, so that their global norm is at most ``largest``."""
    grads = [p.grad for p in parameters if p.grad is not None]
    values = [g.coalesce().values() if g.is_sparse else g for g in grads]
    if not values:
        return
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(v) for v in values]))
    scale = (largest / (norm + 1e-6)).clamp(max=1.0)
    for grad in grads:
        grad.mul_(scale)
