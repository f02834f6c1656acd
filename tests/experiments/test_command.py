"""From one YAML file, on a machine without data: simulate, train, judge, tables."""

import json
from pathlib import Path

import pytest

from unmask.cli import main

EXPERIMENT = """\
out: {folder}/out
data: {{root: {folder}/data}}
simulate: {{per_site: 40, sites: [A], image_size: 32, workers: 1}}
protocols: [simulated/within]
systems:
  big_moe:
    model: {{name: big_moe/tiny_test}}
  vit:
    model: {{name: vit/tiny_test}}
    settings: {{optim.lr: 5e-4}}
seeds: [0]
recipe:
  optim: {{steps: 4, batch_size: 4}}
judged:
  - {{name: all}}
  - {{name: rgb_only, modalities: [rgb]}}
groups: {{known_site: [simulated/within]}}
reference: vit
workers: 1
"""


def test_one_file_makes_data_runs_and_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "experiment.yaml"
    path.write_text(EXPERIMENT.format(folder=tmp_path))
    assert main(["evidence", "--config", str(path)]) == 0
    shown = capsys.readouterr().out
    page = (tmp_path / "out" / "table.md").read_text()
    assert page in shown
    assert "no evidence about real people" in page
    assert "## known_site: rgb_only" in page
    assert page.count("| big_moe |") == page.count("| vit |") == 2
    lines = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["shown"] for line in lines] == ["rgb+depth+infrared", "rgb"] * 2
    capsys.readouterr()
    assert main(["evidence", "--config", str(path), "--simulate.seed", "3"]) == 2
    assert "holds a simulation with another seed 0 (now 3)" in capsys.readouterr().err
