import itertools

import pytest
import torch

from unmask.models import create_model

EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])


@pytest.mark.parametrize("drop", ["drop", "mask"])
def test_each_modality_has_the_head_of_its_own_place(drop: str) -> None:
    torch.manual_seed(0)
    model = create_model("branch_per_modality/tiny_test", head="per_modality", absent=drop).eval()
    with torch.no_grad():
        for m, head in enumerate(model.heads):
            head.weight.zero_()
            head.bias.fill_(m + 1)
    image = torch.randn(7, 3, 3, 32, 32)
    expected = torch.tensor([1.0, 2.0, 3.0]) * EVERY
    assert torch.equal(model(image, EVERY).modality_logit, expected)
    for b in range(7):
        alone = model(image[:1], EVERY[b : b + 1]).modality_logit
        assert torch.equal(alone, expected[b : b + 1])


@pytest.mark.parametrize(("head", "count"), [("shared", 1), ("per_modality", 3)])
def test_heads_are_shared_or_one_for_each(head: str, count: int) -> None:
    assert len(create_model("branch_per_modality/tiny_test", head=head).heads) == count


@pytest.mark.parametrize("attention", ["tokens", "class_tokens", "channels"])
def test_the_shared_layer_stands_after_the_last_block_and_before_the_norms(attention: str) -> None:
    torch.manual_seed(0)
    model = create_model("branch_per_modality/tiny_test", attention=attention).eval()
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    image = torch.randn(2, 3, 3, 32, 32)
    x = torch.stack(
        [encoder.blocks(encoder.embed(image[:, m]))[0] for m, encoder in enumerate(model.backbone)],
        dim=1,
    )
    x = model.joint(x, torch.ones(2, 3, 3, dtype=torch.bool))
    logit = []
    for m, encoder in enumerate(model.backbone):
        y = encoder.norm(x[:, m])
        logit.append(model.heads[0](torch.cat([y[:, 0], y[:, 1:].mean(dim=1)], dim=1)))
    output = model(image, torch.ones(2, 3, dtype=torch.bool))
    torch.testing.assert_close(output.modality_logit, torch.cat(logit, dim=1), rtol=0, atol=1e-5)


def test_the_layer_does_not_grow_with_the_modalities() -> None:
    for attention in ("tokens", "class_tokens", "channels"):
        one, four = (
            create_model("branch_per_modality/tiny_test", attention=attention, modalities=names)
            for names in (["rgb"], ["thermal", "rgb", "depth", "infrared"])
        )
        sizes = [sum(p.numel() for p in model.joint.parameters()) for model in (one, four)]
        assert sizes[0] == sizes[1]
