import pytest
import torch
from torch import Tensor, nn

from unmask.layers.text_encoder import FixedText, TextEncoder, TextEncoderConfig

SMALL = {"dim": 16, "depth": 3, "heads": 2, "vocabulary": 50, "projection": 6}


def build(**settings: object) -> TextEncoder:
    torch.manual_seed(0)
    encoder = TextEncoder(TextEncoderConfig(**(SMALL | settings)))
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return encoder.eval()


def rows(*ends: int) -> Tensor:
    """Start, words, end at the place asked for, then words that must not matter."""
    torch.manual_seed(1)
    tokens = torch.randint(0, 48, (len(ends), 77))
    tokens[:, 0] = 48
    for row, end in zip(tokens, ends, strict=True):
        row[end] = 49
    return tokens


def whole(encoder: TextEncoder, tokens: Tensor) -> Tensor:
    """All 77 tokens in float64, and the end-of-text token of the result."""
    causal = torch.full((77, 77), float("-inf"), dtype=torch.float64).triu(1)
    x = encoder.token(tokens) + encoder.position
    for block in encoder.blocks:
        x = x + _attended(block, block.norm1(x), causal)
        x = x + block.mlp(block.norm2(x))
    x = encoder.norm(x)
    end = (tokens == 49).int().argmax(dim=1)
    return encoder.projection(torch.stack([row[e] for row, e in zip(x, end, strict=True)]))


def _attended(block: nn.Module, x: Tensor, causal: Tensor) -> Tensor:
    q, k, v = block.attention.qkv(x).chunk(3, dim=-1)
    heads = []
    for part in (slice(0, 8), slice(8, 16)):
        score = q[..., part] @ k[..., part].transpose(1, 2) / 8**0.5 + causal
        heads.append(score.softmax(dim=-1) @ v[..., part])
    return block.attention.out(torch.cat(heads, dim=-1))


@pytest.mark.parametrize("ends", [(3,), (3, 7, 5), (76, 2)])
def test_what_stands_behind_the_last_end_of_text_is_neither_computed_nor_missed(
    ends: tuple[int, ...],
) -> None:
    encoder, tokens = build(), rows(*ends)
    lengths: list[int] = []
    encoder.blocks[0].norm1.register_forward_hook(lambda _, x, __: lengths.append(x[0].shape[1]))
    short = nn.functional.normalize(encoder(tokens)).double()
    assert lengths == [max(ends) + 1]
    exact = nn.functional.normalize(whole(encoder.double(), tokens))
    torch.testing.assert_close(short, exact, rtol=0, atol=1e-6)


def test_a_text_does_not_depend_on_its_companions_or_on_what_follows_it() -> None:
    encoder, tokens = build(), rows(3, 30, 8)
    together = encoder(tokens)
    for i in range(3):
        alone = encoder(tokens[i : i + 1])
        torch.testing.assert_close(alone[0], together[i], rtol=0, atol=1e-6)
    changed = tokens.clone()
    changed[0, 4:] = 0
    torch.testing.assert_close(encoder(changed)[0], together[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("own", [False, True])
def test_context_takes_the_places_behind_the_first_token(*, own: bool) -> None:
    encoder, tokens = build(), rows(6, 9)
    context = encoder.token(tokens[:, 1:4]) if own else encoder.token(tokens[0, 1:4])
    if not own:
        tokens[1, 1:4] = tokens[0, 1:4]
    blank = tokens.clone()
    blank[:, 1:4] = 0
    torch.testing.assert_close(encoder(blank, context), encoder(tokens), rtol=0, atol=1e-6)
    assert not torch.allclose(encoder(blank), encoder(tokens), atol=1e-3)


def test_context_learns_and_reaches_every_text() -> None:
    encoder = build().requires_grad_(requires_grad=False)
    context = nn.Parameter(torch.randn(3, 16))
    encoder(rows(6, 9), context)[1].sum().backward()
    assert context.grad.any(dim=1).all()


def test_deep_prompts_enter_each_block_in_the_places_of_the_context() -> None:
    encoder, tokens = build(), rows(6, 9)
    context, table = torch.randn(2, 16), torch.randn(3, 2, 16)
    feature = encoder(tokens, context, prompts=lambda i, p: p + table[i] if i else p)
    x = encoder.embed(tokens[:, :10], context)
    causal = torch.ones(10, 10, dtype=torch.bool).tril()
    for i, block in enumerate(encoder.blocks):
        if i:
            x[:, 1:3] += table[i]
        x = block(x, causal)
    expected = encoder.projection(encoder.norm(torch.stack([x[0, 6], x[1, 9]])))
    torch.testing.assert_close(feature, expected, rtol=0, atol=1e-6)


def test_fixed_text_is_the_answer_of_the_encoder_and_needs_it_no_more() -> None:
    encoder, tokens = build(), rows(4, 5)
    fixed = FixedText.of(encoder, tokens)
    before = encoder(tokens).detach()
    nn.init.zeros_(encoder.projection.weight)
    assert torch.equal(fixed(), before)
    assert not fixed().requires_grad
    assert list(fixed.state_dict()) == ["feature"]


def test_a_text_without_end_is_refused() -> None:
    tokens = rows(4, 5)
    tokens[1] = 3
    with pytest.raises(AssertionError, match="end-of-text"):
        build()(tokens)


def test_the_named_size_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        encoder = TextEncoder(TextEncoderConfig())
    assert sum(p.numel() for p in encoder.parameters()) == 63_428_096
