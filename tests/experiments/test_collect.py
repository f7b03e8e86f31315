"""Finished runs joined into one table."""

import pandas as pd
import pytest

from ann.runs.config import RunConfig, WeightingConfig
from ann.runs.folder import RunFolder, write_json
from experiments.collect import collect, main


def finished(path, weighting):
    folder = RunFolder(path)
    config = RunConfig(weighting=WeightingConfig(weighting=weighting))
    write_json(folder.config, config.to_dict())
    write_json(folder.environment, {"keras": "3", "processor": "some"})
    curve = pd.DataFrame({"exit": [0, 1, 2], "macs": [1, 2, 3], "error_top1": [30.0, 20.0, 10.0]})
    curve.to_csv(folder.curve, index=False)
    return path


def test_results_carry_config_versions_and_hardware(tmp_path):
    results = collect([finished(tmp_path / name, name) for name in ("const", "linear")])
    assert {"dataset", "model", "seed", "epochs", "macs", "keras", "processor"} <= set(results)
    assert results.weighting.tolist() == ["const"] * 3 + ["linear"] * 3
    assert results.error_top1.tolist() == [30.0, 20.0, 10.0] * 2


def test_no_folder_is_refused():
    with pytest.raises(ValueError, match="name the folders of the runs to collect"):
        main([])


def test_a_folder_without_a_finished_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no finished run"):
        collect([tmp_path / "none"])
