import subprocess
import sys

import pytest

from unmask.errors import ConfigError
from unmask.models import create_model, families, variants
from unmask.types import Modality


def test_files_are_the_families() -> None:
    assert {"big_moe", "vit"} <= set(families())
    assert {"tiny", "base"} <= set(variants("big_moe"))


def test_listing_families_imports_no_torch() -> None:
    code = "import sys, unmask.models; unmask.models.families(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_overrides_replace_fields_and_take_what_yaml_gives() -> None:
    model = create_model("big_moe/tiny_test", modalities=["infrared", "rgb"], theta=0)
    assert model.config.modalities == (Modality.INFRARED, Modality.RGB)
    assert model.config.theta == 0.0
    assert isinstance(model.config.theta, float)


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        (
            "big_mo/tiny",
            {},
            f"no model family 'big_mo'; there are: {', '.join(families())}",
        ),
        ("vit", {}, "no model 'vit'; vit has: tiny, tiny_test, base"),
        (
            "vit/bse",
            {},
            "no model 'vit/bse'; vit has: tiny, tiny_test, base (did you mean 'base'?)",
        ),
        ("os/path", {}, "no model family 'os'"),
        ("_overrides/tiny", {}, "no model family '_overrides'"),
        ("vit/tiny", {"num_heads": 2}, "no setting 'num_heads'; it has: dim, depth, heads"),
        ("vit/tiny", {"dept": 2}, "(did you mean 'depth'?)"),
        ("vit/tiny", {"depth": "2"}, "depth is '2'; it must be a whole number"),
        ("vit/tiny", {"depth": True}, "depth is True; it must be a whole number"),
        ("vit/tiny", {"absent": "no"}, "absent is 'no'; it must be one of: 'drop', 'mask', 'zero'"),
        (
            "vit/tiny",
            {"modalities": ["ir"]},
            "'ir'; it must be one of: rgb, depth, infrared, therm",
        ),
        (
            "vit/tiny",
            {"modalities": "rgb"},
            "modalities is 'rgb'; it must be a list, each item one",
        ),
        ("vit/tiny", {"modalities": ["rgb", "rgb"]}, "name at least one, and each only once"),
        ("big_moe/tiny", {"frozen_backbone": 1}, "frozen_backbone is 1; it must be true or false"),
        ("big_moe/tiny", {"num_experts": 12}, "it must be a square, such as 9 or 16"),
        ("big_moe/tiny", {"num_experts": 4, "top_k": 3}, "top_k is 3; 4 experts allow at most 2"),
        ("big_moe/tiny", {"num_experts": 1}, "num_experts is 1; it must be a square, such as 4"),
        ("big_moe/tiny", {"top_k": 1}, "top_k is 1; 256 experts allow at most 16, and a gate that"),
        ("big_moe/tiny", {"num_experts": 4}, "choose fewer than the 4 experts that there are"),
        ("big_moe/tiny", {"experts": "coarse"}, "coarse experts are few: 2 to 64, usually 4 to 8"),
        ("big_moe/tiny", {"experts": "big"}, "it must be one of: 'fine_grained', 'coarse'"),
        ("big_moe/tiny", {"gate": "open"}, "it must be one of: 'isolated', 'shared'"),
        ("big_moe/tiny", {"prompts": "text"}, "it must be one of: 'cpb', 'vector', 'none'"),
        ("vit_adapter/tiny", {"down_dim": 0}, "down_dim is 0; it must be at least 1"),
        ("vit_adapter/tiny", {"dropout": 2}, "dropout is 2.0; it must be from 0 to 1"),
        ("big_moe/tiny", {"theta": 1.5}, "theta is 1.5; it must be from 0 to 1"),
        ("big_moe/tiny", {"prompt_dim": 7}, "prompt_dim is 7; it must be a multiple of"),
    ],
)
def test_a_wrong_name_or_value_is_refused_in_one_line(
    name: str, overrides: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        create_model(name, **overrides)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
