"""Anytime neural networks: train, measure, ship.

    ann train | evaluate | export | preset | predict | serve   --flag=value ...

`ann <command> --help` explains a command.
"""

import importlib
import sys

from ann.did_you_mean import unknown_name

COMMANDS = {
    "train": "ann.commands.train",
    "evaluate": "ann.commands.evaluate",
    "export": "ann.commands.export",
    "preset": "ann.commands.preset",
    "predict": "ann.commands.predict",
    "serve": "ann.runtime.serve",
}


def main(argv=None) -> None:
    """Runs the command that the first argument names."""
    argv = sys.argv if argv is None else argv
    if len(argv) < 2 or argv[1] in ("--help", "-h", "help"):
        print(__doc__.strip())
        sys.exit(0 if len(argv) > 1 else 1)
    if argv[1] not in COMMANDS:
        raise SystemExit(f"error: {unknown_name('command', argv[1], COMMANDS)}")
    from ann.commands.run import missing_package, run

    try:
        command = importlib.import_module(COMMANDS[argv[1]])
    except ModuleNotFoundError as error:
        raise SystemExit(missing_package(error)) from error
    run(command, [f"ann {argv[1]}", *argv[2:]])


if __name__ == "__main__":
    main()
