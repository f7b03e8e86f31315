"""Per-exit columns of a run's epoch log."""

import pandas as pd


def exit_columns(log: pd.DataFrame, what: str) -> pd.DataFrame:
    """Returns the columns `exit_00_<what>`, `exit_01_<what>`, ..., shallow to deep.

    Args:
        log: contents of a run's `epochs.csv`.
        what: "loss" (training cross-entropy), "error", "weight", or "probability".
    """
    return log[
        sorted(
            column for column in log if column.startswith("exit_") and column.endswith(f"_{what}")
        )
    ]


def final_losses(log: pd.DataFrame) -> pd.DataFrame:
    """Returns the training cross-entropy of each exit in the last epoch.

    001 Fig. 3 compares these losses with OPT's.

    Args:
        log: contents of a run's `epochs.csv`.

    Returns:
        DataFrame with one row per exit and the columns `exit` (0-based) and `loss` (nats). It can
        be passed to `opt_curve`.

    Example:
        >>> log = pd.DataFrame({"exit_00_loss": [2.0, 1.5], "exit_01_loss": [2.0, 1.0]})
        >>> final_losses(log).loss.tolist()
        [1.5, 1.0]
    """
    losses = exit_columns(log, "loss").iloc[-1]
    return pd.DataFrame({"exit": range(len(losses)), "loss": losses.to_numpy()})
