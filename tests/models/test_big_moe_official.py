"""It is the authors' network: their outputs, their checkpoints, their wiring with its defects."""

import itertools
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from unmask.config import ModelConfig
from unmask.errors import CheckpointError
from unmask.models import create_model
from unmask.training.start import start
from unmask.weights.layouts.big_moe import LAYOUT

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures"
TOLERANCE = {"logits": 1e-4}
FEATURES = 1e-3
EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])

needs_fixtures = pytest.mark.skipif(not FIXTURES.exists(), reason="no shared fixtures here")


def build(**overrides: object) -> nn.Module:
    """A small one, every weight away from where it starts."""
    torch.manual_seed(0)
    model = create_model("big_moe_official/tiny_test", **overrides)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model.eval()


def images(count: int = 7) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(count, 3, 3, 32, 32)


def complete(count: int) -> Tensor:
    return torch.ones(count, 3, dtype=torch.bool)


# --- Outputs of the authors' code


def draw(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(zlib.crc32(f"unmask-1/{name}".encode())))


def made_up(name: str, shape: list[int]) -> Tensor:
    """The weights that the reference outputs were computed with: by name, of a sane size."""
    x = draw(name).standard_normal(shape, dtype=np.float32)
    if len(shape) < 2:
        is_scale = name.endswith("gamma") or ("ln_" in name and name.endswith("weight"))
        return torch.from_numpy(1 + np.float32(0.1) * x if is_scale else np.float32(0.05) * x)
    small = ("class_token", "pos_embedding", "modality_prompt", "P_s", ".keys")
    size = int(np.prod(shape[1:])) ** -0.5
    if name.endswith(small):
        size = 0.1
    elif "embed" in name:
        size = 0.5
    return torch.from_numpy(x * np.float32(size))


def picture(modality: str) -> Tensor:
    values = draw(f"image/{modality}").uniform(-1, 1, (2, 3, 224, 224))
    return torch.from_numpy(values.astype(np.float32))


def outputs(model: nn.Module, image: Tensor, present: Tensor) -> dict[str, Tensor]:
    """Everything that the reference files hold."""
    tokens, prompts = [], []
    for x, prompt, _ in model.each_block(image, present):
        tokens.append(x)
        prompts.append(prompt[:, :4])
    return {
        "logits": model.head(model(image, present).feature),
        "cls_after_block": torch.stack([x[:, 0] for x in tokens[:11]], dim=1),
        "patch_after_block0": tokens[0][:, 1:9],
        "prompt_after_block": torch.stack(prompts, dim=1),
        "feature_mean": tokens[-1][:, 1::49],
    }


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[nn.Module, Path]]:
    """The network in its true size, started from a checkpoint of the authors' kind."""
    shapes: dict[str, list[int]] = json.loads(
        (FIXTURES / "bigmoe_official_layout.json").read_text(encoding="utf-8")
    )
    path = tmp_path_factory.mktemp("authors") / "authors.pth"
    torch.save({name: made_up(name, shape) for name, shape in shapes.items()}, path)
    model = create_model("big_moe_official/base").eval()
    start(model, ModelConfig(name="big_moe_official/base", weights=path))
    yield model, path
    path.unlink()


@needs_fixtures
@pytest.mark.parametrize("case", ["full", "no_ir"])
def test_it_computes_what_the_authors_code_computes(
    case: str, published: tuple[nn.Module, Path]
) -> None:
    image = torch.stack([picture("rgb"), picture("depth"), picture("ir")], dim=1)
    present = complete(2)
    present[:, 2] = case == "full"  # infrared: the pixels stay, and must not be read
    with torch.no_grad():
        ours = outputs(published[0], image, present)
    with np.load(FIXTURES / f"bigmoe_official_{case}.npz") as reference:
        assert set(reference) == set(ours)
        for name, theirs in reference.items():
            assert ours[name].shape == theirs.shape
            difference = np.abs(ours[name].numpy() - theirs).max()
            assert difference <= TOLERANCE.get(name, FEATURES), name


@needs_fixtures
def test_all_371_tensors_of_their_checkpoint_go_in_and_come_out(
    published: tuple[nn.Module, Path],
) -> None:
    model, path = published
    theirs = torch.load(path, weights_only=True)
    back = LAYOUT.to_theirs(model.state_dict())
    assert set(back) == set(theirs)
    assert len(back) == 371
    assert all(torch.equal(back[name], theirs[name]) for name in theirs)


# --- Checkpoints of theirs, in small


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_training_starts_from_a_checkpoint_of_theirs_or_of_ours(
    suffix: str, tmp_path: Path
) -> None:
    trained = build()
    own = trained.state_dict()
    expected = trained(images(), EVERY).logit
    for kind, tensors in (("theirs", LAYOUT.to_theirs(own)), ("ours", own)):
        path = tmp_path / f"{kind}{suffix}"
        (save_file if suffix == ".safetensors" else torch.save)(tensors, path)
        model = create_model("big_moe_official/tiny_test").eval()
        config = ModelConfig(name="big_moe_official/tiny_test", weights=path)
        assert start(model, config) == config
        assert torch.equal(model(images(), EVERY).logit, expected), kind


def test_every_tensor_of_ours_has_a_name_of_theirs() -> None:
    own = build().state_dict()
    theirs = LAYOUT.to_theirs(own)
    assert len(theirs) == len(own)
    assert not set(theirs) & set(own)
    back = LAYOUT.to_ours(theirs)
    assert set(back) == set(own)
    assert all(torch.equal(back[name], own[name]) for name in own)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("big_moe_official", {"fc.0.bias": None}, r"1 tensors are missing \['head\.bias'\]"),
        ("big_moe_official", {"fc.9.bias": torch.ones(2)}, r"1 are unknown \['fc\.9\.bias'\]"),
        ("big_moe_official", {"fc.0.bias": torch.ones(3)}, r"another shape \['head\.bias'\]"),
        ("big_moe", {}, "belongs to another model"),
    ],
)
def test_a_checkpoint_of_theirs_that_does_not_fit_is_refused(
    name: str, change: dict[str, Tensor | None], message: str, tmp_path: Path
) -> None:
    tensors = LAYOUT.to_theirs(build().state_dict()) | change
    path = tmp_path / "authors.safetensors"
    save_file({n: t for n, t in tensors.items() if t is not None}, path)
    model = create_model(f"{name}/tiny_test")
    with pytest.raises(CheckpointError, match=message):
        start(model, ModelConfig(name=f"{name}/tiny_test", weights=path))


# --- Order of the modalities


def test_the_published_order_is_rgb_infrared_depth_whatever_ours_is() -> None:
    seen: list[Tensor] = []
    for modalities in itertools.permutations(["rgb", "depth", "infrared"]):
        model = build(modalities=modalities)
        model.image.patch_embed.register_forward_hook(
            lambda _, inputs, __: seen.append(inputs[0].unflatten(0, (2, 3)))
        )
        values = {"rgb": 1.0, "infrared": 2.0, "depth": 3.0}
        image = torch.tensor([values[m] for m in modalities])[None, :, None, None, None]
        model(image.expand(2, 3, 3, 32, 32), complete(2))
    assert all(x[0, :, 0, 0, 0].tolist() == [1.0, 2.0, 3.0] for x in seen)
    assert len(seen) == 6


def test_our_order_of_the_modalities_changes_nothing_but_the_places() -> None:
    image, order = images(), [2, 0, 1]
    one = build(modalities=["rgb", "depth", "infrared"])
    other = build(modalities=["infrared", "rgb", "depth"])
    assert torch.equal(one(image, EVERY).logit, other(image[:, order], EVERY[:, order]).logit)


# --- What it is told of absent modalities


def test_in_use_the_code_says_that_nothing_is_missing() -> None:
    model = build()
    model(images(), EVERY).logit.sum().backward()
    rows = model.prompt.absent.weight.grad.any(dim=1)
    assert rows.nonzero().flatten().tolist() == [0]


def test_in_training_the_code_has_their_bits_rgb_infrared_depth() -> None:
    model = build().train()
    for present in EVERY:
        model.zero_grad()
        model(images(2), present.expand(2, -1)).logit.sum().backward()
        rgb, depth, infrared = (~present).tolist()
        rows = model.prompt.absent.weight.grad.any(dim=1).nonzero().flatten()
        assert rows.tolist() == [1 * rgb + 2 * infrared + 4 * depth]


def test_an_absent_modality_is_a_picture_of_zeros_whose_tokens_take_part() -> None:
    model = build()
    image = images(2)
    without = image.clone()
    without[:, 1] = 0.0
    absent = torch.tensor([[True, False, True]]).expand(2, -1)
    assert torch.equal(model(image, absent).logit, model(without, complete(2)).logit)


# --- Wiring


def test_a_block_adds_its_normed_tokens_twice_and_its_class_token_three_times() -> None:
    model = build(depth=1)
    image, present = images(2), complete(2)
    (x, _, _), *_ = model.each_block(image, present)
    published = image[:, [0, 2, 1]]
    block = model.image.blocks[0]
    prompt = model.prompt(published, present).flatten(2).transpose(1, 2)
    u = block.norm1(model.image(published))
    v = block.norm2(u + block.attention(u, None))
    answer, _, _ = model.igma[0](v, prompt, present)
    inner = block.mlp(v)
    torch.testing.assert_close(x[:, 0], (3 * v + inner)[:, 0], rtol=0, atol=1e-5)
    torch.testing.assert_close(x[:, 1:], (2 * v + inner)[:, 1:] + answer, rtol=0, atol=1e-5)


def test_the_gate_reads_queries_and_keys_as_they_are_stored() -> None:
    """Queries: (half, head, feature). Keys: (head, key, half, feature). Scores by a naive loop."""
    model = build()
    theirs = LAYOUT.to_theirs(model.state_dict())
    query = theirs["adaptors.0.adaptor.to_queries.0.weight"]
    keys = theirs["adaptors.0.adaptor.keys"]
    assert keys.shape == (2, 4, 2, 4)
    router = model.igma[0].experts.router.requires_grad_(requires_grad=False)
    gate = torch.randn(5, 8)
    weight, expert, _ = router(gate)
    normed = gate / gate.norm(dim=1, keepdim=True) * 8**0.5 * router.norm.weight
    q = (normed @ query.T).reshape(5, 2, 2, 4)
    for t, head in itertools.product(range(5), range(2)):
        first = [float(q[t, 0, head] @ keys[head, n, 0]) for n in range(4)]
        second = [float(q[t, 1, head] @ keys[head, n, 1]) for n in range(4)]
        pairs = {4 * i + j: first[i] + second[j] for i in range(4) for j in range(4)}
        best = sorted(pairs, key=pairs.__getitem__, reverse=True)[:2]
        share = torch.tensor([pairs[e] for e in best]).softmax(dim=0)
        assert expert[t, 2 * head : 2 * head + 2].tolist() == best
        torch.testing.assert_close(weight[t, 2 * head : 2 * head + 2], share)


def test_norms_of_gate_and_experts_add_nothing_to_small_features_and_survive_zero() -> None:
    experts = build().igma[0].experts
    for norm in (experts.norm, experts.router.norm):
        x = 1e-6 * torch.randn(3, norm.weight.shape[0])
        expected = x / x.norm(dim=1, keepdim=True) * x.shape[1] ** 0.5 * norm.weight
        torch.testing.assert_close(norm(x), expected)
        assert torch.equal(norm(torch.zeros_like(x)), torch.zeros_like(x))


def test_the_bypass_exchanges_rows_and_columns() -> None:
    cpb = build(image_size=64).cpb[0]
    nn.init.zeros_(cpb.attention.mix.weight)  # which looks everywhere
    prompt, seen = torch.randn(1, 64, 8), torch.randn(1, 64, 8)
    changed = prompt.clone()
    changed[:, 2 * 8 + 5] += 1.0  # row 2, column 5
    difference = (cpb(changed, seen) - cpb(prompt, seen)).abs().sum(dim=(0, 2)).reshape(8, 8)
    reached = difference.nonzero()
    assert reached.min(dim=0).values.tolist() == [3, 0]
    assert reached.max(dim=0).values.tolist() == [7, 4]


def test_the_sigmoid_of_the_logit_is_the_softmax_of_their_two() -> None:
    model = build()
    output = model(images(), EVERY)
    softmax = model.head(output.feature).softmax(dim=-1)[:, 1]
    torch.testing.assert_close(output.logit.sigmoid(), softmax)


# --- What is trained


def test_frozen_are_their_frozen_parts_and_those_that_no_gradient_reaches() -> None:
    model = build(frozen_backbone=True)
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    backbone = ("image.patch_embed.", *(f"image.blocks.{i}." for i in range(3)))
    dead = ("igma.3.", "cpb.2.", "cpb.3.")
    assert {n for n in model.state_dict() if n.startswith((*backbone, *dead))} == frozen
    model.requires_grad_(requires_grad=True).train()
    model(images(), EVERY).logit.square().sum().backward()
    without = {n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    assert without == {name for name in frozen if name.startswith(dead)}


def test_base_has_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        model = create_model("big_moe_official/base")

    def count(*parts: nn.Module) -> int:
        return sum(p.numel() for part in parts for p in part.parameters())

    assert count(model) == 90_148_953
    assert count(model.prompt) == 1_502_515
    assert count(model.igma[0], model.cpb[0]) == 212_227
    assert count(model.cpb[0]) == 119_811
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert trainable + 332_038 == 11_591_769, "theirs calls 332,038 trainable that never train"
