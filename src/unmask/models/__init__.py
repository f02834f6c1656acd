"""One file is one network; the file name is its name.

Each file has ``Config`` (a frozen dataclass), ``VARIANTS`` (names of configs) and ``Model``;
``BACKBONES`` says which pretrained weights a variant starts from, where such weights ship with us.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from unmask.errors import ConfigError
from unmask.models._overrides import checked, nearest

if TYPE_CHECKING:
    from torch import nn


def families() -> list[str]:
    """Every network that exists."""
    return sorted(f.name for f in pkgutil.iter_modules(__path__) if not f.name.startswith("_"))


def variants(family: str) -> dict[str, Any]:
    """The sizes a network comes in: name -> Config."""
    return dict(_module(family).VARIANTS)


def create_model(name: str, **overrides: Any) -> nn.Module:
    """Build ``family/variant``, such as ``big_moe/tiny``, some fields of its Config replaced."""
    family, _, variant = name.partition("/")
    configs = variants(family)
    if variant not in configs:
        raise ConfigError(f"no model {name!r}; {family} has: {nearest(variant, configs)}")
    config = configs[variant]
    config = dataclasses.replace(config, **checked(type(config), overrides))
    return cast("nn.Module", _module(family).Model(config))


def usual_backbone(name: str) -> str:
    """What ``family/variant`` starts from if nothing else is asked for; "" where nothing ships."""
    family, _, variant = name.partition("/")
    return str(getattr(_module(family), "BACKBONES", {}).get(variant, ""))


def _module(family: str) -> ModuleType:
    if family not in families():
        raise ConfigError(f"no model family {family!r}; there are: {nearest(family, families())}")
    return importlib.import_module(f"{__name__}.{family}")
