"""Makes a preset from a finished run: a folder that `ann.models.from_preset` loads.

    ann preset --run_dir=runs/mine --output=presets/mine

The folder holds the network, its weights (kernels in float16 by default), the normalization of its
input, the names of the classes, and cost, error and temperature of each exit. Its README.md is the
model card.
"""

from absl import flags


def define_flags() -> None:
    """Defines the flags of the command."""
    flags.DEFINE_string("run_dir", None, "Folder of a finished run.", required=True)
    flags.DEFINE_string("output", None, "Folder to write, new or empty.", required=True)
    flags.DEFINE_string("name", None, "Name of the preset; default: that of the folder.")
    flags.DEFINE_enum(
        "weights", "float16", ["float16", "float32", "int8"], "How the kernels are stored."
    )
    flags.DEFINE_string(
        "limits", None, "Text for the limits on the model card; default: only what the run knows."
    )
    flags.DEFINE_string("data_dir", None, "Folder of the data; default: that of the training.")


def main(arguments) -> None:
    """Makes a preset of the run that the flags name."""
    del arguments
    values = flags.FLAGS
    from ann.runs.preset import preset_of_run

    preset_of_run(
        values.run_dir,
        values.output,
        name=values.name,
        weights=values.weights,
        limits=values.limits,
        data_dir=values.data_dir,
    )
    print(f"written to {values.output}; its model card is README.md")
