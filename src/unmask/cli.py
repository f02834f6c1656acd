"""The command line: one subcommand per function of ``api``, made from its config dataclass."""

from __future__ import annotations

import dataclasses
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import unmask
from unmask import api, config, parsing
from unmask.errors import ConfigError, UnmaskError

COMMANDS: dict[Callable[[Any], Any], type] = {
    api.demo: config.DemoConfig,
    api.simulate: config.SimulateConfig,
    api.prepare: config.PrepareConfig,
    api.doctor: config.DoctorConfig,
    api.manifest: config.ManifestConfig,
    api.pretrain: config.PretrainConfig,
    api.train: config.TrainConfig,
    api.evaluate: config.EvaluateConfig,
    api.calibrate: config.CalibrateConfig,
    api.report: config.ReportConfig,
    api.plan: config.PlanConfig,
    api.compare: config.CompareConfig,
    api.decide: config.DecideConfig,
    api.stress: config.StressConfig,
    api.evidence: config.EvidenceConfig,
    api.reproduce: config.ReproduceConfig,
    api.separability: config.SeparabilityConfig,
    api.predict: config.PredictConfig,
    api.show: config.ShowConfig,
}

POSITIONAL: dict[Callable[[Any], Any], str] = {
    api.doctor: "root",
    api.report: "folders",
    api.compare: "systems",
    api.reproduce: "table",
    api.separability: "checkpoints",
    api.predict: "inputs",
    api.show: "what",
}
"""The one setting of a command that may be given without its name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 2 for a mistake that the user can mend.

    A result may have an exit code of its own, such as 1 for frames that could not be prepared.
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("unmask").setLevel(logging.INFO)
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except UnmaskError as error:
        return _fail(str(error), code=2)
    except KeyboardInterrupt:
        return _fail("stopped by the keyboard", code=130)
    except BrokenPipeError:  # the reader of our output, such as head, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # such as a full disk under our own output
        return _fail(str(error), code=2)


def _run(words: list[str]) -> int:
    if words == ["--version"]:
        sys.stdout.write(f"unmask {unmask.__version__}\n")
        return 0
    if not words or words[0] in {"-h", "--help"}:
        sys.stdout.write(_overview())
        return 0 if words else 2
    functions = {function.__name__: function for function in COMMANDS}
    if words[0] not in functions:
        raise ConfigError(f"no command {words[0]!r}; there are: {', '.join(functions)}")
    function = functions[words[0]]
    settings = _settings(function, words[1:])
    result = function(settings)

    from unmask.console import present

    present(function.__name__, result, settings)
    return int(getattr(result, "exit_code", 0))


def _settings(function: Callable[[Any], Any], words: list[str]) -> Any:
    """The config object that the words of one command describe; ``--help`` prints and exits."""
    config_class = COMMANDS[function]
    positional = POSITIONAL.get(function, "")
    words = _spelled_out(config_class, [_underscored(word) for word in words])
    if {"-h", "--help"} & set(words):
        parser = parsing.parser_of(config_class, positional=positional)
        parser.prog, parser.description = f"unmask {function.__name__}", function.__doc__
        parser.print_help()
        raise SystemExit(0)
    return parsing.parse(config_class, words, positional=positional)


def _underscored(word: str) -> str:
    """``--per-site`` is ``--per_site``; values stay as they are."""
    if not word.startswith("--"):
        return word
    name, equals, value = word[2:].partition("=")
    return "--" + name.replace("-", "_") + equals + value


def _spelled_out(config_class: type, words: list[str]) -> list[str]:
    """``--json`` means ``--json true``; ``--modalities rgb,depth`` is a list without brackets."""
    fields = {f"--{f.name}": str(f.type) for f in dataclasses.fields(config_class)}
    spelled: list[str] = []
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        listed = fields.get(before, "").startswith("tuple") and word[:1] != "["
        spelled.append(f"[{word}]" if listed else word)
        if fields.get(word) == "bool" and after not in {"true", "false"}:
            spelled.append("true")
    return spelled


def _overview() -> str:
    """What there is, without building any parser."""
    commands = [
        f"  {function.__name__:<14}{(function.__doc__ or '').splitlines()[0]}"
        for function in COMMANDS
    ]
    return "\n".join(
        [
            "usage: unmask COMMAND [settings]",
            "",
            str(unmask.__doc__),
            "",
            *commands,
            "",
            "unmask COMMAND --help lists its settings; they may also stand in a YAML file:",
            "unmask COMMAND --config FILE.yaml --setting value",
            "",
        ]
    )


def _fail(message: str, *, code: int) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return code
