"""A few kills of the drill: a run that is killed ends with the bits of the run that is not."""

import random
import signal

from ann.runs.config import RunConfig
from benchmarks import fault_drill


def test_a_killed_run_ends_as_the_one_that_was_not_killed(tmp_path, monkeypatch):
    config = fault_drill.config_of("digits", "adaloss", "exp3", "mixed_float16")
    reference = tmp_path / "whole"
    assert fault_drill.train_in_process(config, reference) == 0
    # At a step, in the middle of a checkpoint, and after the log of an epoch before its checkpoint.
    monkeypatch.setattr(fault_drill, "PLACES", ("step", "checkpoint write", "after the log"))
    found = fault_drill.drill(config, tmp_path / "killed", reference, 3, random.Random(0))
    assert found["kills"] == 3
    assert found["different"] == 0, found["which"]
    assert found["rows_in_epochs_csv"] == config.training.epochs
    assert found["arrays_and_files_compared"] > 100


def test_the_drill_sees_a_difference(tmp_path):
    one = {"dataset": "synthetic", "model": "resann-n1-c4", "batch_size": 64, "epochs": 1}
    for seed in (0, 1):
        config = RunConfig.from_fields({**one, "seed": seed})
        assert fault_drill.train_in_process(config, tmp_path / str(seed)) == 0
    different = fault_drill.differences(tmp_path / "0", tmp_path / "1")
    assert "epochs.csv" in different
    assert any("kernel" in name for name in different)


def test_a_process_is_killed_where_the_drill_says(tmp_path):
    config = fault_drill.config_of("digits", "const", None, "float32")
    code = fault_drill.train_in_process(config, tmp_path / "run", ("checkpoint write", 0))
    assert code == -signal.SIGKILL
    (partial,) = (tmp_path / "run" / "checkpoints").iterdir()
    assert partial.name.startswith(".partial-")
