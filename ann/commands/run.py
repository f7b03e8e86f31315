"""Runs a command: its flags, its help, its errors."""

import contextlib
import os
import signal
import sys

from absl import app, flags, logging

from ann.runs.errors import LostWorkerError, RunError

_HELP = ("--help", "-help", "-h")
# What a user can get wrong: told in one line. Anything else is a fault of ours and keeps its trace.
_MISTAKES = (
    ValueError,
    OSError,
    FloatingPointError,
    ImportError,
    NotImplementedError,
    RunError,
)


def run(command, argv=None) -> None:
    """Parses the flags of a command, runs it, and ends the process.

    `--help` prints the command's docstring and its flags and ends with 0. A mistake of the user
    ends with 1 and one line.

    Args:
        command: module with a docstring, `define_flags()` and `main(arguments)`; if it takes
            arguments that are not flags, also with a constant `ARGUMENTS` that describes them.
        argv: program and arguments; default: those of the process.
    """
    argv = sys.argv if argv is None else argv
    command.define_flags()
    if any(argument in _HELP for argument in argv[1:]):
        with _reader_may_leave():
            print(help_of(command))
        sys.exit(0)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    app.run(lambda rest: _run(command, rest[1:]), argv=argv)


def _run(command, arguments):
    if arguments and not hasattr(command, "ARGUMENTS"):
        raise app.UsageError(f"every setting is a --flag=value. Received: {arguments}")
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)  # tensorflow-datasets tells what it reads
    try:
        with _reader_may_leave():
            command.main(arguments)
    except ModuleNotFoundError as error:
        raise SystemExit(missing_package(error)) from error
    except LostWorkerError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        os._exit(1)  # at a usual exit JAX waits for the lost worker, and then aborts
    except _MISTAKES as error:
        raise SystemExit(f"error: {error}") from error
    except KeyboardInterrupt:
        print("stopped by Ctrl+C", file=sys.stderr)
        raise SystemExit(130) from None


@contextlib.contextmanager
def _reader_may_leave():
    """Ends the process quietly if nobody reads what it prints: `| head` has read what it wants."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(128 + signal.SIGPIPE) from None


def missing_package(error: ModuleNotFoundError) -> str:
    """What to tell a user whose installation lacks a package."""
    return (
        f"error: {error}. `pip install 'ann-keras[train]'` brings what training needs, "
        "[export] also what exporting needs, [runtime] what serving needs"
    )


def help_of(command) -> str:
    """The docstring of a command, and its flags with their defaults."""
    found = flags.FLAGS.flags_by_module_dict()
    own = [one for module, them in found.items() if not module.startswith("absl.") for one in them]
    described = (_described(flag) for flag in sorted(own, key=lambda flag: flag.name))
    return f"{command.__doc__.strip()}\n\nflags:\n" + "\n".join(described)


def _described(flag) -> str:
    name = f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}"
    default = "" if flag.default is None else f" (default: {flag.default_as_str})"
    text = flags.text_wrap(f"{flag.help}{default}", indent="      ", firstline_indent="      ")
    return f"  {name}\n{text}"
