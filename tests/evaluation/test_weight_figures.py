import numpy as np
import pandas as pd

from ann import evaluation

LOG = pd.DataFrame(
    {
        "epoch": [0, 1, 2],
        **{f"exit_{k:02d}_weight": [1, 0.5 + k / 8, 0.2 + k / 5] for k in range(4)},
        **{f"exit_{k:02d}_probability": [0.25, 0.1 + 0.1 * k, 0.25] for k in range(4)},
    }
)


def test_figures_are_written(tmp_path):
    evaluation.plot_weights_over_training(LOG, tmp_path / "weights.png", title="weights")
    evaluation.plot_probabilities_over_training(LOG, tmp_path / "sampling.png", title="sampling")
    evaluation.plot_weights_over_depth(
        {"a": np.linspace(0.2, 1, 5), "b": [1, 1]}, tmp_path / "depth.png", title="depth"
    )
    for path in tmp_path.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 3
