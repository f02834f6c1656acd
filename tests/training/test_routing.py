"""Counting changes no score, and counts what the routers said, of valid positions alone."""

import numpy as np
import polars as pl
import pytest
import torch

from unmask.config import DataConfig
from unmask.metrics.expert_counts import RoutingCounts
from unmask.models import create_model
from unmask.protocols import load_protocol
from unmask.training.routing import chosen_weight, watching
from unmask.training.scoring import Scorer
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality, Output, Protocol, Routing

THREE = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)


@pytest.fixture(scope="module")
def protocol(squares) -> Protocol:
    return load_protocol(DataConfig(root=squares), THREE)


@pytest.fixture
def scorer() -> Scorer:
    torch.manual_seed(0)
    model = create_model("big_moe/tiny_test")
    preprocessing = Preprocessing(image_size=32, crop_version="1")
    return Scorer(model=model, preprocessing=preprocessing, modalities=THREE, batch_size=5)


def test_scores_are_the_same_bits_with_and_without_counting(protocol, scorer):
    counts = RoutingCounts(protocol.eval)
    watch = watching(counts, counts.join(protocol.eval, THREE))
    plain = scorer.scores(protocol.eval, shown=THREE, split="eval")
    watched = scorer.scores(protocol.eval, shown=THREE, split="eval", watch=watch)
    assert plain.table.equals(watched.table)
    assert len(counts.layers) == 2


def test_counts_are_those_of_a_loop_over_what_the_model_returned(protocol, scorer):
    counts = RoutingCounts(protocol.eval)
    seen = []
    add = watching(counts, counts.join(protocol.eval, THREE))

    def watch(keys, output):
        seen.append((list(keys), output))
        add(keys, output)

    scorer.scores(protocol.eval, shown=THREE, split="eval", watch=watch)
    site = {s.key: s.site for s in protocol.eval}
    expected = np.zeros((2, 16)), np.zeros((2, 16))  # choices, weights of site A by layer
    for keys, output in seen:
        for layer, routing in enumerate(output.routing):
            positions = routing.expert.shape[0] // len(keys)
            for t in range(routing.expert.shape[0]):
                if site[keys[t // positions]] == "A" and routing.valid[t]:
                    for k in range(routing.expert.shape[1]):
                        expected[0][layer, routing.expert[t, k]] += 1
                        expected[1][layer, routing.expert[t, k]] += routing.prob[t, k].item()
    at_a = counts.table().filter(axis="site", group="A")
    for layer in range(2):
        totals = pl.col("choices", "weight").sum()  # over both halves
        own = at_a.filter(layer=layer).group_by("expert").agg(totals).sort("expert")
        used = np.flatnonzero(expected[0][layer])
        assert own["expert"].to_list() == used.tolist()
        assert own["choices"].to_list() == expected[0][layer, used].tolist()
        assert own["weight"].to_list() == pytest.approx(expected[1][layer, used].tolist())


def routed(prob, expert, valid, num_experts) -> Output:
    routing = Routing(
        prob=torch.tensor(prob),
        expert=torch.tensor(expert),
        valid=torch.tensor(valid),
        num_experts=num_experts,
    )
    return Output(logit=torch.zeros(1), feature=torch.zeros(1, 1), routing=(routing,))


def test_positions_that_are_not_valid_count_for_nothing(protocol):
    counts = RoutingCounts(protocol.eval)
    cells = counts.join(protocol.eval, THREE)
    keys = [s.key for s in protocol.eval[:2]]
    experts = [[0, 1], [2, 3], [4, 5], [6, 7]]  # two positions of either presentation
    valid = [True, False, False, True]
    watching(counts, cells)(keys, routed([[0.75, 0.25]] * 4, experts, valid, 16))
    layer = counts.report().layers[0]
    assert layer.choices == 4
    table = counts.table().filter(axis="species").sort("expert")
    assert table["expert"].to_list() == [0, 1, 6, 7]
    assert table["weight"].to_list() == [0.75, 0.25, 0.75, 0.25]


def test_a_router_that_weighs_all_experts_is_read_at_those_it_chose():
    dense = routed([[0.1, 0.5, 0.1, 0.3]], [[1, 3]], [True], 4).routing[0]
    assert chosen_weight(dense)[0].tolist() == pytest.approx([0.625, 0.375])
    score = torch.randn(6, 4)
    best, expert = score.topk(2)
    prob = score.softmax(dim=-1)
    routing = Routing(prob=prob, expert=expert, valid=torch.ones(6).bool(), num_experts=4)
    assert torch.allclose(chosen_weight(routing), best.softmax(dim=-1), atol=1e-6)
    sparse = routed([[0.6, 0.4]], [[1, 3]], [True], 4).routing[0]
    assert chosen_weight(sparse)[0].tolist() == pytest.approx([0.6, 0.4])
