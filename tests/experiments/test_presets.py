"""The runs behind the networks that come with the package."""

import json

import pytest

from ann import models
from ann.runs.preset import command_of
from experiments import presets


@pytest.mark.parametrize("name", models.presets())
def test_the_recipe_is_that_of_the_card(name):
    recipe = models.from_preset(name).preset.card["recipe"]
    assert recipe == f"`{command_of(presets.config_of(name))}`"


def test_presets_are_trained_once_and_written(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "NETWORKS", {"tiny": ("resann-n1-c4", "digits", 1, "int8")})
    monkeypatch.setattr(presets, "RECIPE", {"train_examples": 128})
    presets.make_presets(["tiny"], tmp_path / "runs", tmp_path / "made")
    written = tmp_path / "made" / "tiny" / "preset.json"
    assert json.loads(written.read_text())["num_classes"] == 10
    when = written.stat().st_mtime_ns
    presets.make_presets(["tiny"], tmp_path / "runs", tmp_path / "made")
    assert written.stat().st_mtime_ns == when


def test_an_unknown_name_is_refused_before_anything_is_trained(tmp_path):
    with pytest.raises(ValueError, match="Did you mean 'resann-n9-c16-cifar10'"):
        presets.make_presets(["resann-n9-cifar10"], tmp_path, tmp_path)
    assert not list(tmp_path.iterdir())
