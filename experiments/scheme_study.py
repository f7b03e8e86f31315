"""Every weighting, sampler and training mode on a small network and real images, three seeds: what shows at this scale?

    python -m experiments.scheme_study

ResANN (n=3, c=8, 9 exits) on the first 1,500 images of CIFAR-10, 24 epochs; errors on all 10,000 test images at the exits
nearest to 1/4, 1/2, 3/4 and all of the cost, beside OPT trained for each of them alone. 81 runs on 2 cores. A run that is
finished is added to experiments/results/scheme_study.csv at once, and not run again; the others are taken up in --runs_dir. The
summary and the figure are made at the end.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import multiprocessing
import pathlib

import pandas as pd
from absl import app, flags
from tqdm import tqdm

from ann.atomic_write import atomic_path
from ann.config import DataConfig, ModelConfig, RunConfig, RuntimeConfig, TrainingConfig, WeightingConfig

_RUNS_DIR = flags.DEFINE_string("runs_dir", "runs/scheme_study", "Folder of the runs.")
_RESULTS_DIR = flags.DEFINE_string("results_dir", "experiments/results", "Folder of the tables and the figure.")
_SEEDS = flags.DEFINE_integer("seeds", 3, "Seeds of each row.", lower_bound=1)
_EPOCHS = flags.DEFINE_integer("epochs", 24, "Passes over the images.", lower_bound=1)
_EXAMPLES = flags.DEFINE_integer("examples", 1500, "Training images.", lower_bound=64)
_DATASET = flags.DEFINE_string("dataset", "cifar10", "Data set.")
_WORKERS = flags.DEFINE_integer("workers", 2, "Runs at a time, each on one core.", lower_bound=1)

# The exits of OPT for n = 3: units round(fraction * 3n) of the authors' scripts (author_code.md section 3).
MILESTONE_EXITS = {0.25: 1, 0.5: 4, 0.75: 6, 1.0: 8}

# Label of a row -> (fields of the weighting, training mode). The difference between two rows is what they compare.
ROWS = {
    "const": ({"weighting": "const"}, "joint"),
    "linear": ({"weighting": "linear"}, "joint"),
    "half_end": ({"weighting": "half_end"}, "joint"),
    "quarter_half": ({"weighting": "quarter_half"}, "joint"),
    "sieve": ({"weighting": "sieve"}, "joint"),
    "sieve_v2": ({"weighting": "sieve_v2"}, "joint"),
    "exp_lin": ({"weighting": "exp_lin"}, "joint"),
    "exp_base 2": ({"weighting": "exp_base", "base": 2.0}, "joint"),
    "exp_base 0.5": ({"weighting": "exp_base", "base": 0.5}, "joint"),
    "adaloss": ({"weighting": "adaloss"}, "joint"),
    "adaloss_first_order": ({"weighting": "adaloss_first_order"}, "joint"),
    "log_loss": ({"weighting": "log_loss"}, "joint"),
    "uncertainty": ({"weighting": "uncertainty"}, "joint"),
    "dwa": ({"weighting": "dwa"}, "joint"),
    "rlw": ({"weighting": "rlw"}, "joint"),
    "gradnorm": ({"weighting": "gradnorm"}, "joint"),
    "sieve + aann": ({"weighting": "sieve", "sampler": "aann"}, "joint"),
    "sieve + milestone": ({"weighting": "sieve", "sampler": "milestone"}, "joint"),
    "sieve + exp3": ({"weighting": "sieve", "sampler": "exp3"}, "joint"),
    "sieve + rwm": ({"weighting": "sieve", "sampler": "rwm"}, "joint"),
    "sieve + avgl": ({"weighting": "sieve", "sampler": "avgl"}, "joint"),
    "const, no_grad": ({"weighting": "const"}, "no_grad"),
    "const, midfeat": ({"weighting": "const"}, "midfeat"),
    **{f"opt at {k}": ({"weighting": "opt", "opt_at": k}, "joint") for k in MILESTONE_EXITS.values()},
}


def row_config(label: str, seed: int, *, dataset: str, examples: int, epochs: int) -> RunConfig:
    """The run of a row."""
    weighting, training_mode = ROWS[label]
    return RunConfig(
        data=DataConfig(dataset=dataset, batch_size=64, train_examples=examples),
        model=ModelConfig(model="resann-n3-c8"),
        weighting=WeightingConfig(**weighting),
        training=TrainingConfig(epochs=epochs, seed=seed, training_mode=training_mode),
        runtime=RuntimeConfig(precision="mixed_bfloat16", evaluate_every=epochs),
    )


def folder_name(label: str, seed: int) -> str:
    """Folder of a run, from its row and seed."""
    return f"{label.replace(', ', '-').replace(' + ', '-').replace(' ', '_')}-seed{seed}"


def _run(task):
    """Trains one run in a worker; a finished one is left alone."""
    from experiments.training_run import train_once

    config, folder = task
    return train_once(config, folder, verbose=0)


def summarize(results: pd.DataFrame) -> pd.DataFrame:
    """One line a row: error at the milestone exits (mean and standard deviation over seeds), AE, relative increase over OPT.

    Args:
        results: columns `row`, `seed`, `exit`, `error_top1`.

    Returns:
        DataFrame: `row`, `seeds`, then for each fraction `error`, `std` and `increase` (percent over OPT's mean), and `AE`.
    """
    from ann import evaluation

    exits = {k: fraction for fraction, k in MILESTONE_EXITS.items()}
    at = results[results.exit.isin(exits)].assign(fraction=lambda frame: frame.exit.map(exits))
    # OPT's line is made of four networks, each at the exit it was trained for.
    own = at.row == "opt at " + at.exit.astype(str)
    at = pd.concat([at[own].assign(row="opt"), at[~at.row.str.startswith("opt at")]])
    means = evaluation.seed_means(at, ["row", "fraction"])
    increases = evaluation.relative_increase(means["mean"].unstack("row"), "opt")
    lines = []
    for label in [*(label for label in ROWS if label in set(at.row)), "opt"]:
        line = {"row": label, "seeds": int(means.loc[(label, 1.0), "seeds"])}
        for fraction in MILESTONE_EXITS:
            line[f"error {fraction:g}"] = means.loc[(label, fraction), "mean"]
            line[f"std {fraction:g}"] = means.loc[(label, fraction), "std"]
            line[f"increase {fraction:g}"] = increases.loc[fraction, label]
        lines.append({**line, "AE": results[results.row == label].error_top1.mean()})
    return pd.DataFrame(lines)


def plot(summary: pd.DataFrame, path) -> None:
    """Relative increase over OPT at the four milestones, a group of bars a row."""
    from ann.evaluation.figure import new_axes, save

    rows = summary[summary.row != "opt"]
    figure, axes = new_axes("Increase of the test error over OPT (%), mean over seeds", "", "")
    figure.set_size_inches(7.5, 9)
    columns = [f"increase {fraction:g}" for fraction in MILESTONE_EXITS]
    rows.set_index("row")[columns].iloc[::-1].plot.barh(ax=axes, width=0.8, colormap="viridis")
    axes.set_ylabel("")
    axes.legend([f"{fraction:g} of the cost" for fraction in MILESTONE_EXITS], frameon=False, loc="lower right")
    axes.axvline(0, color="0.3", linewidth=0.8)
    save(figure, path)


def finished_runs(path, *, dataset: str, examples: int, epochs: int) -> pd.DataFrame:
    """What `path` holds of earlier runs of these settings, a row an exit.

    Raises:
        ValueError: it holds runs of other settings.
    """
    if not path.exists():
        return pd.DataFrame({"row": pd.Series(dtype=str), "seed": pd.Series(dtype=int)})
    results = pd.read_csv(path)
    settings = results[["dataset", "train_examples", "epochs"]].drop_duplicates().to_numpy().tolist()
    if settings != [[dataset, examples, epochs]]:
        raise ValueError(f"{path} holds other runs, of {settings}; choose another --results_dir")
    return results


def _write(table, path):
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    from experiments.collect import collect

    directory = pathlib.Path(_RESULTS_DIR.value)
    sizes = {"dataset": _DATASET.value, "examples": _EXAMPLES.value, "epochs": _EPOCHS.value}
    finished = finished_runs(directory / "scheme_study.csv", **sizes)
    runs = [(label, seed) for seed in range(_SEEDS.value) for label in ROWS]
    runs = [run for run in runs if run not in set(zip(finished.row, finished.seed, strict=True))]
    tables = [finished] if len(finished) else []
    folders = {run: pathlib.Path(_RUNS_DIR.value) / folder_name(*run) for run in runs}
    tasks = [(row_config(*run, **sizes), folders[run]) for run in runs]
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = str(max(1, os.cpu_count() // _WORKERS.value))
    with multiprocessing.get_context("spawn").Pool(_WORKERS.value) as pool:
        for (label, _), folder in zip(runs, tqdm(pool.imap(_run, tasks), total=len(tasks)), strict=True):
            tables.append(collect([folder.path]).assign(row=label))
            _write(pd.concat(tables), directory / "scheme_study.csv")
    results = pd.concat(tables, ignore_index=True)
    summary = summarize(results)
    _write(summary.round(3), directory / "scheme_study_summary.csv")
    plot(summary, directory / "scheme_study.png")
    print(summary.round(2).to_string(index=False))


if __name__ == "__main__":
    app.run(main)
