"""What the commands share: an answer to --help, and no stack trace for a user's mistake."""

import sys

from absl import app, flags


def run(main) -> None:
    """Runs a command that takes only flags.

    `--help` shows what the command does and returns 0; a setting that is not a flag, or a
    ValueError, ends in one line and returns 1.
    """
    if {"--help", "-h", "-help"} & set(sys.argv[1:]):
        module = sys.modules["__main__"]
        print(module.__doc__.strip(), flags.FLAGS.main_module_help(), sep="\n\n")
        raise SystemExit(0)
    app.run(lambda argv: _checked(main, argv))


def _checked(main, argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    try:
        main()
    except ValueError as error:
        raise SystemExit(f"error: {error}") from error
