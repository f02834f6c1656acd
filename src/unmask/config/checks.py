"""What several settings must be, and what is said where one is not."""

from __future__ import annotations

from unmask.errors import ConfigError
from unmask.types import Modality


def check_at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise ConfigError(f"{name} is {value}; it must be at least {least}")


def check_between(name: str, value: int, least: int, most: int) -> None:
    check_at_least(name, value, least)
    if value > most:
        raise ConfigError(f"{name} is {value}; it must be at most {most}")


def check_probability(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ConfigError(f"{name} is {value}; it must lie between 0 and 1")


def check_modalities(modalities: tuple[Modality, ...]) -> None:
    if not modalities or len(set(modalities)) != len(modalities):
        raise ConfigError(
            f"modalities are {[str(m) for m in modalities]}; name at least one, each once, of: "
            + ", ".join(Modality)
        )


def check_modality_set(name: str, value: str) -> None:
    parts = value.split("+")
    if set(parts) - set(Modality) or len(set(parts)) != len(parts):
        raise ConfigError(
            f"{name} has {value!r}; a set of modalities is written rgb+depth, each once, of: "
            + ", ".join(Modality)
        )
