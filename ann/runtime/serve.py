"""Serves an exported anytime network over HTTP.

    ann serve --export_dir=runs/resann/export

Needs `pip install "ann-keras[runtime]"`. The port opens once the network is loaded, warmed up and
measured. SIGHUP loads the folder again; SIGTERM or Ctrl+C lets the requests in progress finish.
docs/serve.md shows how to ask.
"""

import functools
import logging
import pathlib
import sys

import uvicorn
from absl import app, flags

from ann.runtime import ENGINES, AnytimePredictor
from ann.runtime.service.app import MAX_BATCH, MAX_BYTES, MAX_WAITING, create_app
from ann.runtime.service.connections import Connection

_MAX_CONNECTIONS = 512
_SHUTDOWN_SECONDS = 10
_SWITCH_SECONDS = 0.0005  # a thread that wants Python's lock waits no longer; Python's own: 5 ms


def define_flags() -> None:
    """Defines the flags of the command."""
    flags.DEFINE_string("export_dir", None, "Folder written by ann.export.", required=True)
    flags.DEFINE_string(
        "host", "127.0.0.1", "Address to listen on; 0.0.0.0 for all addresses of this machine."
    )
    flags.DEFINE_integer(
        "port", 8000, "Port to listen on; 0 for any free port.", lower_bound=0, upper_bound=65535
    )
    flags.DEFINE_enum(
        "engine",
        "auto",
        ["auto", *ENGINES],
        "Engine; auto: the fastest installed.",
    )
    flags.DEFINE_integer(
        "threads", None, "Threads of the engine for one image; default: measured.", lower_bound=1
    )
    flags.DEFINE_integer(
        "workers", None, "Images predicted at a time; default: the number of cores.", lower_bound=1
    )
    flags.DEFINE_integer(
        "max_bytes", MAX_BYTES, "Largest body of a picture, in bytes.", lower_bound=1
    )
    flags.DEFINE_integer(
        "max_waiting", MAX_WAITING, "Images that may wait; more are refused.", lower_bound=1
    )
    flags.DEFINE_integer(
        "max_batch", MAX_BATCH, "Most images in one body of /predict/batch.", lower_bound=1
    )
    flags.DEFINE_integer(
        "max_connections",
        _MAX_CONNECTIONS,
        "Most connections that are open at a time.",
        lower_bound=1,
    )
    flags.DEFINE_string("class_names", None, "File with the name of each class, one per line.")
    flags.DEFINE_string(
        "token_file", None, "File with the token that clients must send; default: none is needed."
    )
    flags.DEFINE_bool("access_log", True, "Write a line of JSON per request to standard output.")


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    settings = flags.FLAGS
    _configure_logs(settings.access_log)
    sys.setswitchinterval(_SWITCH_SECONDS)
    load = functools.partial(
        AnytimePredictor,
        settings.export_dir,
        settings.engine,
        threads=settings.threads,
        measure_latency=True,
    )
    try:
        service = create_app(
            load(),
            workers=settings.workers,
            max_bytes=settings.max_bytes,
            max_waiting=settings.max_waiting,
            max_batch=settings.max_batch,
            class_names=_lines(settings.class_names),
            token=_token(settings.token_file),
            load=load,
        )
    except (ValueError, ImportError, OSError) as error:
        raise SystemExit(f"error: {error}") from error
    uvicorn.run(
        service,
        host=settings.host,
        port=settings.port,
        http=functools.partial(
            Connection,
            max_connections=settings.max_connections,
            on_refused=lambda status: service.state.metrics.requests.labels("other", status).inc(),
        ),
        ws="none",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )


def _lines(file):
    return None if file is None else pathlib.Path(file).read_text().splitlines()


def _token(file):
    if file is None:
        return None
    token = pathlib.Path(file).read_text().strip()
    if not token:
        raise ValueError(f"token_file must hold a token. Received: an empty file, {file!r}")
    return token


def _configure_logs(access_log):
    """The service's own words to standard error, the lines of requests to standard output."""
    words = logging.StreamHandler()
    words.setFormatter(logging.Formatter("%(levelname)s:     %(message)s"))
    logging.getLogger("ann").addHandler(words)
    logging.getLogger("ann").setLevel(logging.INFO)
    logging.getLogger("ann").propagate = False  # absl would say everything again
    requests = logging.getLogger("ann.access")
    requests.propagate = False
    requests.addHandler(logging.StreamHandler(sys.stdout))
    requests.setLevel(logging.INFO if access_log else logging.WARNING)


if __name__ == "__main__":
    define_flags()
    app.run(main)
