import math

import torch
import torch.nn.functional as F

from unmask.layers.patch_saliency import salient_feature


def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return 3 * torch.randn(2, 7, 5), F.normalize(torch.randn(2, 5), dim=-1)


def test_it_is_the_loop_over_patches() -> None:
    patches, texts = drawn()
    local = salient_feature(patches, texts, sharpness=10.0)
    for n in range(2):
        weights, aligned = [], []
        for patch in patches[n]:
            f = patch / patch.square().sum().sqrt()
            s = [(f @ texts[c]).item() for c in range(2)]
            share = [math.exp(v) / (math.exp(s[0]) + math.exp(s[1])) for v in s]
            aligned.append(share[0] * texts[0] + share[1] * texts[1] + f)
            weights.append(math.exp(10 * abs(s[1] - s[0])))
        expected = sum(w * g for w, g in zip(weights, aligned, strict=True)) / sum(weights)
        torch.testing.assert_close(local[n], expected, rtol=0, atol=1e-5)


def test_the_clearest_patch_takes_over_and_at_zero_all_are_alike() -> None:
    patches, texts = drawn()
    unit = F.normalize(patches, dim=-1)
    aligned = (unit @ texts.T).softmax(dim=-1) @ texts + unit
    lean = (unit @ (texts[0] - texts[1])).abs()
    clearest = aligned[torch.arange(2), lean.argmax(dim=1)]
    torch.testing.assert_close(salient_feature(patches, texts, sharpness=1e4), clearest)
    torch.testing.assert_close(salient_feature(patches, texts, sharpness=0.0), aligned.mean(dim=1))


def test_neither_the_order_of_patches_nor_that_of_classes_matters() -> None:
    patches, texts = drawn()
    local = salient_feature(patches, texts, sharpness=10.0)
    turned = salient_feature(patches.flip(1), texts.flip(0), sharpness=10.0)
    torch.testing.assert_close(turned, local, rtol=0, atol=1e-6)


def test_under_autocast_nothing_is_rounded() -> None:
    patches, texts = drawn()
    local = salient_feature(patches, texts, sharpness=10.0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(salient_feature(patches, texts, sharpness=10.0), local)
