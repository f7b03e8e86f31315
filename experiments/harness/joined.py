"""Curves that need the networks of several finished runs, not only their numbers: linear ensembles,
and members of an EANN whose exits were selected on held-out images."""

import dataclasses
import pathlib

from experiments.harness.answers import by_cell, linear_ensemble_name, on_test_images_name


def measure_joined(experiment, runs, runs_dir, store) -> None:
    """Measures what the store lacks and adds it, as far as its runs are finished.

    Args:
        experiment: the declaration.
        runs: its plan.
        runs_dir: folder of run folders. A network that is not there is trained again.
        store: a `RunStore`.
    """
    rows, known = {row.method: row for row in experiment.rows}, set(store.runs().index)
    for (_, _, _, method, _), group in by_cell(runs).items():
        row = rows[method]
        if row.join == "linear_ensemble":
            wanted = {linear_ensemble_name(group): group}
        elif row.selection == "validation":
            wanted = {on_test_images_name(run): [run] for run in group}
        else:
            continue
        for name, members in wanted.items():
            if name not in known and known.issuperset(run.name for run in members):
                store.add_measurement(name, _curve_on_test_images(members, runs_dir))
                known.add(name)


def _curve_on_test_images(group, runs_dir):
    import keras

    from ann import data, ensembles, evaluation
    from ann.runs import build
    from ann.runs.train import train_once

    folders = [
        train_once(run.config, pathlib.Path(runs_dir) / run.name, verbose=0) for run in group
    ]
    members = [keras.saving.load_model(folder.model, compile=False) for folder in folders]
    # What a network is evaluated on is normalized as its own training images.
    config = group[0].config
    dataset = build.dataset(config)
    if config.data.hold_out:
        everything = dataclasses.replace(
            config, data=dataclasses.replace(config.data, hold_out=False)
        )
        dataset = dataclasses.replace(dataset, test=build.dataset(everything).test)
    model = members[0] if len(members) == 1 else ensembles.linear_ensemble(members)
    return evaluation.anytime_curve(model, data.evaluation_batches(dataset))
