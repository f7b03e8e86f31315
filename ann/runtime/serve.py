"""Serves an exported anytime network over HTTP.

    ann serve --export_dir=runs/resann/export

Needs the extra ann-keras[serve] and the package of one engine. The port opens once the network is
loaded, warmed up and measured; SIGTERM or Ctrl+C lets the requests in progress finish.
docs/serve.md shows how to ask.
"""

import uvicorn
from absl import app, flags

from ann.runtime import ENGINE_OF_FORMAT, AnytimePredictor
from ann.runtime.http_app import MAX_BYTES, create_app

_MAX_CONNECTIONS = 256
_SHUTDOWN_SECONDS = 10


def define_flags() -> None:
    """Defines the flags of the command."""
    flags.DEFINE_string("export_dir", None, "Folder written by ann.export.", required=True)
    flags.DEFINE_string(
        "host", "127.0.0.1", "Address to listen at; 0.0.0.0 for every one of this machine."
    )
    flags.DEFINE_integer(
        "port", 8000, "Port to listen at; 0 for any free one.", lower_bound=0, upper_bound=65535
    )
    flags.DEFINE_enum(
        "engine",
        "auto",
        ["auto", *ENGINE_OF_FORMAT.values()],
        "Engine; auto: the fastest installed.",
    )
    flags.DEFINE_integer(
        "threads", None, "Of the engine for one image; default the engine's choice.", lower_bound=1
    )
    flags.DEFINE_integer(
        "workers", None, "Images predicted at a time; default the number of cores.", lower_bound=1
    )
    flags.DEFINE_integer("max_bytes", MAX_BYTES, "Largest body of a request.", lower_bound=1)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    settings = flags.FLAGS
    try:
        predictor = AnytimePredictor(
            settings.export_dir, settings.engine, threads=settings.threads, measure_latency=True
        )
    except (ValueError, ImportError) as error:
        raise SystemExit(f"error: {error}") from error
    uvicorn.run(
        create_app(predictor, max_bytes=settings.max_bytes, workers=settings.workers),
        host=settings.host,
        port=settings.port,
        access_log=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    define_flags()
    app.run(main)
