"""An EANN of real trained ResANNs against its members, OPT+ and a linear ensemble of plain networks
(001 Fig. 6, 002 Fig. 2e).

    python -m experiments.eann

ResANN n=1,2,4 (c=16) with AdaLoss on CIFAR-10 without its last 5,000 training images, on which
001's rule selects; OPT of each at 1/4, 1/2, 3/4 and all of its units, whose finals are also the
plain networks (n=1,2,3,4) of the linear ensemble: 15 runs. Errors on the test images. 001 expects
the EANN near OPT+ and below the linear ensemble, its early answers better than those of the largest
member. Then the EANN runs on one and on two worker processes, one core each. Runs lie in --runs_dir
and are taken up where they stopped.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import dataclasses
import multiprocessing
import pathlib

import numpy as np
import pandas as pd
from absl import app, flags
from tqdm import tqdm

from ann.atomic_write import atomic_path
from ann.runs.config import (
    DataConfig,
    ModelConfig,
    RunConfig,
    RuntimeConfig,
    TrainingConfig,
    WeightingConfig,
)
from ann.runs.folder import RunFolder

MEMBERS = (1, 2, 4)
PLAIN = (1, 2, 3, 4)


def run_labels() -> dict[tuple, WeightingConfig]:
    """The runs: (n, None) is a member, (n, k) OPT at exit k."""
    runs = {(n, None): WeightingConfig(weighting="adaloss") for n in MEMBERS}
    opt_exits = {
        (n, round(fraction * 3 * n) - 1) for n in MEMBERS for fraction in (0.25, 0.5, 0.75, 1.0)
    }
    opt_exits |= {(n, 3 * n - 1) for n in PLAIN}
    return runs | {(n, k): WeightingConfig(weighting="opt", opt_at=k) for n, k in sorted(opt_exits)}


def run_config(
    n: int, weighting: WeightingConfig, *, dataset, examples, epochs, c, seed
) -> RunConfig:
    """One run; its own curve is measured on the images held out."""
    return RunConfig(
        data=DataConfig(dataset=dataset, batch_size=64, train_examples=examples, hold_out=True),
        model=ModelConfig(model=f"resann-n{n}-c{c}"),
        weighting=weighting,
        training=TrainingConfig(epochs=epochs, seed=seed),
        runtime=RuntimeConfig(precision="mixed_bfloat16", evaluate_every=epochs),
    )


def batches_for_test(config: RunConfig):
    """The test images, normalised as the training images of the run."""
    from ann import data
    from ann.runs import build

    test = data.load(config.data.dataset, data_dir=config.data.data_dir).test
    return data.evaluation_batches(dataclasses.replace(build.dataset(config), test=test))


def _run(task):
    """Trains and measures one run in a worker; a finished one is left alone."""
    from ann.runs.train import train_once

    config, folder = task
    train_once(config, folder, verbose=0)
    curve_on_test(config, folder)


def curve_on_test(config: RunConfig, folder: pathlib.Path) -> pd.DataFrame:
    """Anytime curve of a finished run on the test images, measured once."""
    path = folder / "test_curve.csv"
    if not path.exists():
        from ann import evaluation

        with atomic_path(path) as temporary:
            evaluation.anytime_curve(load(folder), batches_for_test(config)).to_csv(
                temporary, index=False
            )
    return pd.read_csv(path)


def load(folder):
    """The network of a finished run."""
    import keras

    return keras.saving.load_model(RunFolder(folder).model, compile=False)


def opt_plus(curves: dict[tuple, pd.DataFrame]) -> pd.DataFrame:
    """OPT+ of the networks, from the curves of the runs by `(n, exit)`."""
    from ann import evaluation

    networks = sorted({n for n, _ in curves})
    of_network = [
        {k: curve for (m, k), curve in curves.items() if m == n and k is not None} for n in networks
    ]
    return evaluation.opt_plus(map(evaluation.opt_curve, filter(None, of_network)))


def same_budgets(curves: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Error (%) of each network's latest answer at 1/4, 1/2, 3/4 and all of the largest member's cost, and at its own end."""
    from ann import evaluation

    total = curves[f"member n={MEMBERS[-1]}"].macs.iloc[-1]
    rows = {}
    for label, curve in curves.items():
        within = evaluation.milestones(curve.assign(fraction=curve.macs / total), "latest")
        rows[label] = {
            **{f"{fraction:g}": error for fraction, error in within.items()},
            "end": curve.error_top1.iloc[-1],
        }
    return pd.DataFrame(rows).T.rename_axis("network").reset_index()


def measure(folders, configs) -> dict[str, pd.DataFrame]:
    """Test curves of everything in the figure."""
    from ann import ensembles, evaluation
    from experiments.harness.cells import eann_curve

    curves = {run: curve_on_test(configs[run], folders[run]) for run in folders}
    of_members = [curves[(n, None)] for n in MEMBERS]
    members = [load(folders[(n, None)]) for n in MEMBERS]
    validation = [
        pd.read_csv(RunFolder(folders[(n, None)]).curve).error_top1.tolist() for n in MEMBERS
    ]
    by_depth, by_validation = (
        ensembles.select_by_depth(members),
        ensembles.select_by_validation(validation),
    )
    plain = [load(folders[(n, 3 * n - 1)]) for n in PLAIN]
    # The ensembles are measured on the members' own images: all runs have the same training images.
    batches = batches_for_test(configs[(MEMBERS[0], None)])
    return {
        **{f"member n={n}": curve for n, curve in zip(MEMBERS, of_members, strict=True)},
        "EANN, by depth": evaluation.anytime_curve(ensembles.EANN(members, by_depth), batches),
        "EANN, by validation": evaluation.anytime_curve(
            ensembles.EANN(members, by_validation), batches
        ),
        "EANN, by depth, 2 workers": eann_curve(of_members, by_depth, workers=2),
        "OPT+": opt_plus(curves),
        "linear ensemble": evaluation.anytime_curve(ensembles.linear_ensemble(plain), batches),
    }


def time_workers(folders, config, batch_size: int, rounds: int) -> pd.DataFrame:
    """Seconds to each answer on one and on two workers, medians over rounds.

    Raises:
        AssertionError: the last answers differ.
    """
    from ann import ensembles

    paths = [RunFolder(folders[(n, None)]).model for n in MEMBERS]
    selection = ensembles.select_by_depth([load(folders[(n, None)]) for n in MEMBERS])
    images = next(iter(batches_for_test(config)))[0].numpy()[:batch_size]
    answers, last = [], {}
    for workers in (1, 2):
        with ensembles.ParallelEANN(
            paths, selection, workers=workers, batch_size=batch_size
        ) as eann:
            for _ in tqdm(range(rounds), desc=f"{workers} workers"):
                found = list(eann.refine(images))
                answers += [
                    (workers, answer.member, answer.exit, answer.seconds) for answer in found
                ]
                last[workers] = found[-1].logits
    np.testing.assert_allclose(last[1], last[2], atol=1e-3)
    frame = pd.DataFrame(answers, columns=["workers", "member", "exit", "seconds"])
    seconds = (
        frame.groupby(["workers", "member", "exit"]).seconds.agg(["median", "count"]).reset_index()
    )
    final = seconds.groupby("workers")["median"].max()
    print(
        f"two workers need {final[2] / final[1]:.2f} of the time of one to the last answer, which is the same"
    )
    return seconds.rename(columns={"median": "seconds", "count": "rounds"}).assign(
        batch_size=batch_size
    )


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    from ann.runs.environment import cells, environment

    size = {
        name: flags.FLAGS[name].value for name in ("dataset", "examples", "epochs", "c", "seed")
    }
    configs = {
        run: run_config(run[0], weighting, **size) for run, weighting in run_labels().items()
    }
    name = lambda n, k: f"n{n}-adaloss" if k is None else f"n{n}-opt{k}"
    folders = {run: pathlib.Path(flags.FLAGS.runs_dir) / name(*run) for run in configs}
    for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[variable] = str(max(1, os.cpu_count() // flags.FLAGS.workers))
    with multiprocessing.get_context("spawn").Pool(flags.FLAGS.workers) as pool:
        for _ in tqdm(
            pool.imap(_run, [(configs[run], folders[run]) for run in configs]),
            total=len(configs),
            desc="runs",
        ):
            pass
    from ann import evaluation

    curves = measure(folders, configs)
    directory = pathlib.Path(flags.FLAGS.results_dir)
    made_with = {**size, **cells(environment())}
    results = pd.concat(
        [curve.assign(network=label) for label, curve in curves.items()], ignore_index=True
    )
    timed = time_workers(
        folders, configs[(MEMBERS[0], None)], flags.FLAGS.parallel_batch, flags.FLAGS.rounds
    )
    tables = {"eann": results.drop(columns="fraction"), "eann_workers": timed}
    for table, frame in tables.items():
        with atomic_path(directory / f"{table}.csv") as temporary:
            frame.assign(**made_with).to_csv(temporary, index=False)
    title = f"EANN of ResANN n={','.join(map(str, MEMBERS))}, c={flags.FLAGS.c} on {flags.FLAGS.dataset}"
    evaluation.plot_curves(curves, directory / "eann.png", title=title)
    print(same_budgets(curves).round(2).to_string(index=False))


def define_flags():
    """The settings of the command line; other modules of this folder have some of the same name."""
    flags.DEFINE_string(
        "runs_dir", "runs/eann", "Folder of the runs; one for each dataset, size, width and seed."
    )
    flags.DEFINE_string(
        "results_dir", "experiments/results", "Folder of the tables and the figure."
    )
    flags.DEFINE_string("dataset", "cifar10", "Data set.")
    flags.DEFINE_integer(
        "examples", None, "Training images; default: all that are not held out.", lower_bound=64
    )
    flags.DEFINE_integer("epochs", 60, "Passes over the images.", lower_bound=1)
    flags.DEFINE_integer("c", 16, "First width of the networks.", lower_bound=1)
    flags.DEFINE_integer("seed", 0, "Seed of all runs.", lower_bound=0)
    flags.DEFINE_integer("workers", 2, "Runs at a time, each on one core.", lower_bound=1)
    flags.DEFINE_integer(
        "parallel_batch", 1, "Images at once when one and two workers are timed.", lower_bound=1
    )
    flags.DEFINE_integer("rounds", 30, "Repetitions of that.", lower_bound=1)


if __name__ == "__main__":
    define_flags()
    app.run(main)
