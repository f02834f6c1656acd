"""Losses that keep routers healthy: experts used evenly, scores small.

    balance = E sum_e  f_e p_e,  f_e = share of the choices that fell on e,  p_e = mean probability
    z = mean over tokens and choices of  (log sum_e exp(score_e))^2

Balance is that of Switch, for several choices per token: 1 when experts are used evenly, E when
one of them has everything. A product-key router tells the weights of its chosen experts only;
p_e is then the share of weight that e was given. Its least value is E / (T K) where there are more
experts than choices. Both are means over the layers, and count valid tokens alone.

Axes: T tokens, E experts, K experts per token, h choices of the router.

Paper: Fedus et al., "Switch Transformers", JMLR 2022, equations 4 to 6, in place of the two losses
of Shazeer et al., ICLR 2017; z: Zoph et al., "ST-MoE", 2022, equation 5.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from unmask.losses import Loss
from unmask.types import Output, Routing


def routing_loss(output: Output, *, balance: float, balance_fine: float, router_z: float) -> Loss:
    """The losses below, by their weights; ``balance_fine`` is for product-key routers.

    Parts have no weight; one whose weight is 0 is not computed.
    """
    dense = [routing for routing in output.routing if is_dense(routing)]
    fine = [routing for routing in output.routing if not is_dense(routing)]
    loss = Loss(total=output.logit.new_zeros(()), parts={})
    if dense and balance:
        loss += _part("balance", balance, balance_loss(dense))
    if fine and balance_fine:
        loss += _part("balance_fine", balance_fine, balance_loss(fine))
    if output.routing and router_z:
        loss += _part("router_z", router_z, z_loss(output.routing))
    return loss


def balance_loss(routings: Sequence[Routing]) -> Tensor:
    """Scalar; at least one layer. The gradient reaches the probabilities, not the choices."""
    return torch.stack([_imbalance(routing) for routing in routings]).mean()


def z_loss(routings: Sequence[Routing]) -> Tensor:
    """Scalar; at least one layer, each of which tells its ``log_sum``."""
    return torch.stack([_mean_square(routing) for routing in routings]).mean()


def is_dense(routing: Routing) -> bool:
    """The router tells the probability of every expert: (T, E), and not (T, K)."""
    return routing.prob.shape[1] == routing.num_experts


def _part(name: str, weight: float, value: Tensor) -> Loss:
    return Loss(total=weight * value, parts={name: value.detach()})


def _imbalance(routing: Routing) -> Tensor:
    valid = routing.valid[:, None].to(routing.prob.dtype)  # (T, 1)
    tokens = valid.sum().clamp(min=1.0)
    prob = routing.prob * valid
    choice = valid.expand_as(routing.expert) / (tokens * routing.expert.shape[1])  # (T, K)
    used = _by_expert(routing, choice)  # (E,)
    told = prob.sum(dim=0) if is_dense(routing) else _by_expert(routing, prob)  # (E,)
    return routing.num_experts * (used * told).sum() / prob.detach().sum().clamp(min=1.0)


def _by_expert(routing: Routing, amount: Tensor) -> Tensor:
    """Add up what belongs to each expert: (T, K) -> (E,)."""
    total = amount.new_zeros(routing.num_experts)
    return total.index_add(0, routing.expert.flatten(), amount.flatten())


def _mean_square(routing: Routing) -> Tensor:
    assert routing.log_sum is not None
    square = routing.log_sum.square().mean(dim=1) * routing.valid  # (T,)
    return square.sum() / routing.valid.sum().clamp(min=1)
