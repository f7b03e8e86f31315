"""Trains the networks that come with the package, and writes them as presets.

    python -m experiments.presets --names=resann-n9-c16-cifar10

Each is trained on all 50,000 images, with AdaLoss. A run that was interrupted goes on at its last
checkpoint. Presets that are there already stay as they are.
"""

import pathlib
import sys

from absl import flags

from ann.commands.run import run
from ann.runs.config import RunConfig
from ann.runs.fields import require_name

RECIPE = {
    "weighting": "adaloss",
    "schedule": "cosine",
    "warmup_epochs": 1.0,
    "nesterov": True,
    "l2": 3e-4,
    "precision": "mixed_bfloat16",
    "checkpoint_every_steps": 130,
    "evaluate_every": 2,
}
# Name of a preset: its network, its data set, the epochs that 2 cores do in two hours at most, and
# how its kernels are stored in 4 MB at most.
NETWORKS = {
    "resann-n9-c16-cifar10": ("resann-n9-c16", "cifar10", 30, "float16"),
    "resann-n7-c16-cifar100": ("resann-n7-c16", "cifar100", 30, "float16"),
    "msdnet-cifar-b7-cifar10": ("msdnet-cifar-b7", "cifar10", 8, "int8"),
    "msdnet-cifar-b7-cifar100": ("msdnet-cifar-b7", "cifar100", 8, "int8"),
}


def config_of(name: str) -> RunConfig:
    """How a preset is trained."""
    model, dataset, epochs, _ = NETWORKS[name]
    return RunConfig.from_fields({"model": model, "dataset": dataset, "epochs": epochs, **RECIPE})


def make_preset(name: str, runs_dir: pathlib.Path, output: pathlib.Path) -> None:
    """Trains a network unless its run is finished, and writes the preset.

    Args:
        name: of the preset.
        runs_dir: folder of the runs.
        output: folder of the presets.
    """
    from ann.runs.preset import preset_of_run
    from ann.runs.train import train_once

    train_once(config_of(name), runs_dir / name)
    *_, weights = NETWORKS[name]
    preset_of_run(runs_dir / name, output / name, weights=weights)


def make_presets(names, runs_dir: pathlib.Path, output: pathlib.Path) -> None:
    """Makes those presets that are not there, one after the other.

    Raises:
        ValueError: an unknown name; nothing is trained then.
    """
    for name in names:
        require_name("names", name, NETWORKS)
    for name in names:
        if not (output / name).exists():
            print(name, flush=True)
            make_preset(name, runs_dir, output)


def define_flags() -> None:
    """Defines the flags of the command."""
    flags.DEFINE_list("names", list(NETWORKS), "Presets to make.")
    flags.DEFINE_string("runs_dir", "runs/presets", "Folder of the runs.")
    flags.DEFINE_string("output", "ann/presets", "Folder of the presets.")


def main(arguments) -> None:
    """Makes the presets that the flags name."""
    del arguments
    values = flags.FLAGS
    make_presets(values.names, pathlib.Path(values.runs_dir), pathlib.Path(values.output))


if __name__ == "__main__":
    run(sys.modules[__name__])
