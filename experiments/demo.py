"""The first look: an anytime network on real handwritten digits, trained, exported and raced.

    python -m experiments.demo

Trains ResANN (n=3, c=16, 9 exits) on scikit-learn's 1,797 digits under three weightings, and three
static networks beside it: a minute or two on 2 cores that do nothing else. Exports the best of the
three, asks it for answers by deadlines, beside the static ones, and writes all of it as one page,
runs/demo/demo.html. The folder runs/demo/ is replaced only once all of it is there.
"""

import contextlib
import json
import pathlib
import shutil
import sys

import pandas as pd
from absl import flags, logging

from ann import data, evaluation, runtime
from ann.commands.run import run
from ann.runs.environment import environment
from ann.runs.export import export_run
from experiments.story import networks, words
from experiments.story.page import errors_table, page, race_table
from experiments.story.pictures import answers_of
from experiments.story.race import race
from experiments.story.trained import PRESET, ask_trained


def demo(folder: pathlib.Path, model: str, epochs: int) -> None:
    """Trains, exports, races, and writes everything into a folder."""
    base = networks.digits_config(model, epochs)
    curves = {
        name: networks.train_anytime(base, name, folder / name) for name in networks.WEIGHTINGS
    }
    print()
    exits = networks.static_exits(curves["const"])
    static = pd.DataFrame(
        [networks.train_static(base, exit, folder / f"static_{exit}") for exit in exits]
    ).astype({"exit": int, "macs": int})
    best = min(curves, key=lambda name: evaluation.average_error(curves[name]))
    test = data.load("digits").test
    with contextlib.ExitStack() as stack:
        anytime = stack.enter_context(_exported(folder / best, folder / "exported"))
        statics = {
            exit: stack.enter_context(
                _exported(folder / f"static_{exit}", folder / f"static_{exit}" / "exported")
            )
            for exit in exits
        }
        print("\nthe race is on", flush=True)
        raced = race(anytime, statics, test)
        answers = answers_of(anytime, test)
    print(f"asking {PRESET}, which comes trained", flush=True)
    trained = ask_trained(PRESET, folder / PRESET)
    summary = pd.concat([curve.assign(weighting=name) for name, curve in curves.items()])
    columns = ["weighting", "exit", "macs", "fraction", "error_top1"]
    summary[columns].to_csv(folder / "summary.csv", index=False)
    raced.asked.to_csv(folder / "race.csv", index=False)
    made = json.dumps({"config": base.to_dict(), "environment": environment()}, indent=2)
    text = page(curves, static, raced, answers, trained, name=best, made=made)
    (folder / "demo.html").write_text(text)
    _tell(curves, raced, best, len(test.labels))


def _exported(run_dir, output) -> runtime.AnytimePredictor:
    """The network of a run, exported and opened on one thread."""
    print(f"exporting {run_dir.name}", flush=True)
    export_run(run_dir, output, ["onnx"], preprocess=True)
    return runtime.AnytimePredictor(output, threads=1)


def _tell(curves, raced, best, pictures):
    print(f"\nError of each exit on {pictures} test pictures\n")
    print(errors_table(curves).to_string(index=False))
    print(f"\nThe race: sheets of {raced.sheet} digits, each with a deadline\n")
    print(race_table(raced).to_string(index=False))
    for sentence in (*words.of_race(raced, best, pictures), *words.of_weightings(curves, pictures)):
        print(f"\n{sentence}")


def define_flags() -> None:
    """Defines the flags of the command."""
    flags.DEFINE_string("run_dir", "runs/demo", "Folder to write; an earlier demo is replaced.")
    flags.DEFINE_string("model", "resann-n3-c16", "Anytime network: resann-n<n>-c<c>.")
    flags.DEFINE_integer("epochs", 24, "Passes over the training images.", lower_bound=1)


def main(arguments) -> None:
    """Makes the demo that the flags describe."""
    del arguments
    logging.set_verbosity(logging.ERROR)  # TensorFlow reports every function that it saves
    values = flags.FLAGS
    run_dir = pathlib.Path(values.run_dir)
    _require_replaceable(run_dir)
    partial = run_dir.with_name(run_dir.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    demo(partial, values.model, values.epochs)
    shutil.rmtree(run_dir, ignore_errors=True)
    partial.rename(run_dir)
    print(f"\nthe page: {run_dir / 'demo.html'}")


def _require_replaceable(run_dir):
    """Raises where there is something else than an earlier demo."""
    empty = not run_dir.exists() or (run_dir.is_dir() and not any(run_dir.iterdir()))
    if not empty and not (run_dir / "summary.csv").exists():
        raise ValueError(
            f"run_dir must be new, empty or an earlier demo. Received: run_dir={str(run_dir)!r}"
        )


if __name__ == "__main__":
    run(sys.modules[__name__])
