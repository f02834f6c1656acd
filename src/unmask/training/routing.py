"""Counting, while a model scores presentations, which experts its routers choose.

Axes: B presentations, A axes of groups, T tokens (the same number for every presentation, one
presentation after the other), E experts, K choices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from torch import Tensor

from unmask.metrics.expert_counts import RoutingCounts
from unmask.types import Output, Routing

Watch = Callable[[Sequence[str], Output], None]
"""Is shown the keys (B,) of a batch and what the model said about it."""


def watching(counts: RoutingCounts, cells: Mapping[str, Sequence[int]]) -> Watch:
    """A watcher that adds to ``counts``; ``cells`` of each key come from ``RoutingCounts.join``."""

    def watch(keys: Sequence[str], output: Output) -> None:
        own = np.array([cells[key] for key in keys], np.int64)  # (B, A)
        for index, routing in enumerate(output.routing):
            valid = routing.valid.cpu().numpy()  # (T,)
            tokens, rest = divmod(valid.size, len(keys))
            assert rest == 0, "every presentation has the same number of tokens"
            counts.layer(index, routing.num_experts, routing.kinds).add(
                np.repeat(own, tokens, axis=0)[valid],
                routing.expert.cpu().numpy()[valid],
                chosen_weight(routing).double().cpu().numpy()[valid],
            )

    return watch


def chosen_weight(routing: Routing) -> Tensor:
    """What the router gave to each choice, (T, K).

    A router that tells the probabilities of all experts weighs those it chose by their part of the
    sum over the chosen, as the softmax over their scores alone is just that.
    """
    if routing.prob.shape[1] < routing.num_experts:
        return routing.prob
    chosen = routing.prob.gather(1, routing.expert)  # (T, K)
    return chosen / chosen.sum(dim=1, keepdim=True)
