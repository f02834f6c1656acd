import math

import numpy as np
import pytest

from unmask.metrics.routing import distances, js_distance, spread, thinned, within_and_between


def dense_distance(p, q):
    """Jensen-Shannon distance from its definition, over all experts, in bits."""
    total = 0.0
    for a, b in zip(p, q, strict=True):
        total += a / 2 * math.log2(2 * a / (a + b)) if a else 0.0
        total += b / 2 * math.log2(2 * b / (a + b)) if b else 0.0
    return math.sqrt(total)


def sparse(p):
    """Experts in use and their shares."""
    return np.flatnonzero(p), np.asarray(p)[np.flatnonzero(p)]


def drawn(seed, experts=12, zeros=4):
    random = np.random.default_rng(seed)
    share = random.random(experts)
    share[random.choice(experts, zeros, replace=False)] = 0
    return share / share.sum()


def test_even_use_and_collapse_are_the_ends_of_the_scale():
    even = spread(np.full(16, 1 / 16), 16)
    assert even.entropy == pytest.approx(1)
    assert even.effective == pytest.approx(16)
    assert (even.top1, even.top10) == (pytest.approx(1 / 16), pytest.approx(10 / 16))
    collapsed = spread(np.array([1.0]), 16)
    assert (collapsed.entropy, collapsed.effective, collapsed.top1) == (0, 1, 1)
    assert spread(np.full(4, 1 / 4), 16).effective == pytest.approx(4), "dead ones add nothing"
    assert spread(np.array([1.0]), 1).entropy == 1, "a single expert cannot be used unevenly"


def test_entropy_is_that_of_a_naive_loop():
    share = drawn(3)
    entropy = -sum(p * math.log(p) for p in share if p)
    got = spread(sparse(share)[1], 12)
    assert got.entropy == pytest.approx(entropy / math.log(12), abs=1e-12)
    assert got.effective == pytest.approx(math.exp(entropy), abs=1e-9)
    assert got.top10 == pytest.approx(sum(sorted(share)[-10:]))


@pytest.mark.parametrize("seed", range(20))
def test_the_distance_of_sparse_shares_is_that_of_dense_ones(seed):
    p, q = drawn(seed), drawn(seed + 100)
    got = js_distance(sparse(p), sparse(q))
    assert got == pytest.approx(dense_distance(p, q), abs=1e-9)
    assert got == pytest.approx(js_distance(sparse(q), sparse(p)))


def test_distance_is_zero_for_equal_shares_and_one_without_a_common_expert():
    p, q = (np.array([0, 1]), np.array([0.5, 0.5])), (np.array([2, 5]), np.array([0.1, 0.9]))
    assert js_distance(p, p) == 0
    assert js_distance(p, q) == 1


def test_groups_are_compared_by_halves_that_share_nobody():
    shares = [[drawn(10 * group + half) for half in (0, 1)] for group in range(3)]
    table = distances([(sparse(first), sparse(second)) for first, second in shares])
    for a in range(3):
        for b in range(3):
            crossed = (
                dense_distance(shares[a][0], shares[b][1]),
                dense_distance(shares[a][1], shares[b][0]),
            )
            assert table[a][b] == pytest.approx(sum(crossed) / 2, abs=1e-9)
    assert table[1][1] == pytest.approx(dense_distance(*shares[1]), abs=1e-9)


def test_a_group_of_one_half_has_no_distance_to_itself_and_counts_in_no_mean():
    full, nobody = sparse(drawn(1)), (np.zeros(0, np.int64), np.zeros(0))
    table = distances([(full, full), (full, nobody), (full, sparse(drawn(2)))])
    assert table[1][1] is None
    assert table[0][1] == pytest.approx(0, abs=1e-6)
    within, between = within_and_between(table)
    assert within == pytest.approx((table[0][0] + table[2][2]) / 2)
    assert between == pytest.approx(table[0][2])
    assert all(math.isnan(value) for value in within_and_between([[0.1]]))


def test_a_thinned_curve_keeps_its_ends_and_its_values():
    share = -np.sort(-np.random.default_rng(0).random(5000))
    rank, kept = thinned(share)
    assert (rank[0], rank[-1]) == (1, 5000)
    assert len(rank) < 250
    assert list(rank[:10]) == list(range(1, 11)), "the steep part is whole"
    assert kept == tuple(share[np.array(rank) - 1])
    assert thinned(np.array([1.0])) == ((1,), (1.0,))
