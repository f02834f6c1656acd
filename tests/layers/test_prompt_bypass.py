import torch
from torch import nn

from unmask.layers.prompt_bypass import Cpb, PromptGenerator, PromptTokens, absence_code
from unmask.layers.transformer import Block

CODES = {
    (True, True, True): 0,
    (False, True, True): 1,
    (True, False, True): 2,
    (False, False, True): 3,
    (True, True, False): 4,
    (False, True, False): 5,
    (True, False, False): 6,
    (False, False, False): 7,
}
PRESENT = torch.tensor(list(CODES))


def generator() -> PromptGenerator:
    torch.manual_seed(0)
    made = PromptGenerator(3, image_size=16, patch_size=4, dim=6, theta=0.7)
    nn.init.normal_(made.absent.weight)
    nn.init.normal_(made.task)
    return made.requires_grad_(requires_grad=False)


def test_absence_code_has_a_bit_per_absent_modality() -> None:
    assert absence_code(PRESENT).tolist() == list(CODES.values())


def test_prompt_sees_all_modalities_together() -> None:
    prompt = generator()
    image, present = torch.randn(1, 3, 3, 16, 16), PRESENT[:1]
    assert prompt(image, present).shape == (1, 6, 4, 4)
    for modality in range(3):
        changed = image.clone()
        changed[:, modality] += 1.0
        assert not torch.equal(prompt(image, present), prompt(changed, present))


def test_every_set_of_absent_modalities_has_a_picture_of_its_own() -> None:
    prompt, image = generator(), torch.zeros(8, 3, 3, 16, 16)
    before = prompt(image, PRESENT)
    prompt.absent.weight[6] += 1.0  # depth and infrared are absent
    changed = (prompt(image, PRESENT) - before).abs().sum(dim=(1, 2, 3))
    assert changed.nonzero().flatten().tolist() == [6]


def test_learned_pictures_move_the_prompt_by_their_share_of_the_rate() -> None:
    slow, image, present = generator(), torch.zeros(1, 3, 3, 16, 16), PRESENT[:1]
    slow.picture_rate = 0.0
    unmoved = slow(image, present)
    slow.picture_rate = 0.1
    moved = slow(image, present) - unmoved
    torch.testing.assert_close(generator()(image, present) - unmoved, 10 * moved)
    assert moved.any()


def test_bypass_adds_to_the_prompt_it_carries() -> None:
    cpb = Cpb(8, 5, theta=0.7, dropout=0.0)
    prompt, seen = torch.randn(2, 8, 4, 4), torch.randn(2, 5, 4, 4)
    assert not torch.equal(cpb(prompt, seen), prompt)
    nn.init.zeros_(cpb.carry.weight)
    nn.init.zeros_(cpb.learn.weight)
    assert torch.equal(cpb(prompt, seen), prompt)


def test_prompt_tokens_are_those_of_what_is_absent_and_all_others_attend_to_them() -> None:
    torch.manual_seed(0)
    prompt, block = PromptTokens(3, 4, 8), Block(8, 2, 2)
    x = torch.randn(len(PRESENT), 5, 8)
    seen, told = prompt(block, x, None, PRESENT)
    assert told.shape == (8, 8, 1, 1)
    for row, code in enumerate(CODES.values()):
        tokens = prompt.table.weight[code].reshape(4, 8)
        expected = block.attend(torch.cat([x[row], tokens])[None], None)[0]
        torch.testing.assert_close(seen[row], expected[:5])
        torch.testing.assert_close(told[row, :, 0, 0], expected[5:].mean(dim=0))
    assert not torch.isclose(seen, block.attend(x, None)).all(dim=-1).any()
