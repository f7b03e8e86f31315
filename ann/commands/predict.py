"""Says what pictures show, within a deadline.

    ann predict --preset=presets/mine --deadline_ms=5 cat.png dog.jpg

The first use of a preset exports it for the fastest engine that is installed, which takes a while;
the export is kept in --cache_dir. The deadline starts after the picture has been read.
"""

from absl import flags

ARGUMENTS = "pictures"


def define_flags() -> None:
    """Defines the flags of the command."""
    flags.DEFINE_string(
        "preset", None, "Name of a preset (see ann.models.presets()), or its folder.", required=True
    )
    flags.DEFINE_float(
        "deadline_ms",
        None,
        "Milliseconds for each picture; default: as long as the final exit takes.",
        lower_bound=0,
    )
    flags.DEFINE_integer("top", 3, "Number of classes to show for each picture.", lower_bound=1)
    flags.DEFINE_string("cache_dir", None, "Folder of exports; default: ~/.cache/ann-keras.")


def main(arguments) -> None:
    """Answers for the pictures that the arguments name."""
    values = flags.FLAGS
    if not arguments:
        raise ValueError(
            "a picture is needed: ann predict --preset=... picture.png. Received: none"
        )
    from ann.runs.predict import PresetPredictor

    predictor = PresetPredictor(values.preset, values.cache_dir)
    deadline = None if values.deadline_ms is None else values.deadline_ms / 1000
    for picture in arguments:
        answer, classes = predictor.predict(picture, deadline)
        shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in classes[: values.top])
        late = ", late" if answer.late else ""
        print(f"{picture}: {shares} (exit {answer.exit}, {1000 * answer.seconds:.2f} ms{late})")
