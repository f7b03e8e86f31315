"""Columns of a run's log of epochs, exit by exit."""

import pandas as pd


def exit_columns(log: pd.DataFrame, what: str) -> pd.DataFrame:
    """`exit_00_<what>`, `exit_01_<what>`, ..., shallow to deep.

    Args:
        log: of a run's `epochs.csv`.
        what: "loss" (cross-entropy in training), "error", "weight" or "probability".
    """
    return log[
        sorted(
            column for column in log if column.startswith("exit_") and column.endswith(f"_{what}")
        )
    ]


def final_losses(log: pd.DataFrame) -> pd.DataFrame:
    """Training cross-entropy of each exit in the last epoch: what 001 Fig. 3 compares with OPT's.

    Args:
        log: of a run's `epochs.csv`.

    Returns:
        DataFrame `exit` (0-based), `loss` (nats), a row an exit, as `opt_curve` takes it.

    Example:
        >>> final_losses(pd.DataFrame({"epoch": [0, 1], "exit_00_loss": [2.0, 1.5], "exit_01_loss": [2.0, 1.0]})).loss.tolist()
        [1.5, 1.0]
    """
    losses = exit_columns(log, "loss").iloc[-1]
    return pd.DataFrame({"exit": range(len(losses)), "loss": losses.to_numpy()})
