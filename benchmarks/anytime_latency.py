"""How long an answer takes, and what a deadline gets: the runtime against whole networks, one image
at a time.

    python -m benchmarks.anytime_latency --run_dir=runs/cifar10-resann-n9-c16-adaloss-seed0     # a
    finished run

First ResANN n=9, c=16 (27 exits) and MSDNet base=step=4 (224 px): time to the first and to the
final answer of each engine over that of the whole network in ONNX Runtime, and time to each exit
beside its share of the MACs. All take turns in one process. Then, if --run_dir names a trained
network: requests with random deadlines from 0 to twice the full latency, from one client and from
four beside a busy core; and error against measured milliseconds, beside the static networks of
--static_run_dirs. Tables go to --output_dir as CSV, the last one also as a figure.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import pandas as pd
from absl import app, flags, logging
from tqdm import tqdm

_RUN_DIR = flags.DEFINE_string("run_dir", None, "Folder of a finished run of an anytime network.")
_STATIC_RUN_DIRS = flags.DEFINE_list(
    "static_run_dirs", [], "Folders of finished runs whose last exit alone is looked at."
)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/anytime_latency", "Folder for the tables.")
_NETWORKS = flags.DEFINE_list(
    "networks", ["resann-n9-c16", "msdnet-imagenet-k4"], "Networks of the first part."
)
_FORMATS = flags.DEFINE_list(
    "formats", ["onnx", "litert", "saved_model"], "Formats of the first part."
)
_ROUNDS = flags.DEFINE_integer("rounds", 10, "Turns of each.")
_CALLS = flags.DEFINE_integer("calls", 30, "Calls in a turn.")
_REQUESTS = flags.DEFINE_integer("requests", 10_000, "Requests with random deadlines.")


def whole_network(path):
    """Calls ONNX Runtime on the whole network, nothing of ours in between."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(path / "all_exits.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return lambda image: session.run(None, {"image": image[np.newaxis]})


def predictor_of(path, engine, precision=None, threads=1):
    from ann import runtime

    return runtime.AnytimePredictor(
        path,
        engine=engine,
        precision=precision,
        threads=None if engine == "tensorflow" else threads,
    )


def predictors_of(model, formats, folder) -> dict:
    """A predictor of each engine and precision, with one thread and with the default number."""
    from ann import export, runtime

    export.export(model, folder / "all", formats)
    images = np.random.default_rng(0).normal(size=(16, *model.sample_shape)).astype("float32")
    rounded = [format for format in formats if format != "saved_model"]
    if rounded:  # for its speed only: weights and images are random
        arguments = {"calibration": images, "quantize_bound": 100.0}
        export.export(model, folder / "int8", rounded, quantize="int8", **arguments)
    predictors = {}
    for engine in (e for format in formats for e in runtime.engines_of_format(format)):
        for precision in ("float32", "bfloat16", "int8"):
            path = folder / ("int8" if precision == "int8" else "all")
            for threads in (1, None):
                try:
                    made = predictor_of(path, engine, precision, threads)
                except (ValueError, FileNotFoundError):  # not in this precision, or not here
                    continue
                name = f"{engine}, {precision}, {'default' if threads is None else '1 thread'}"
                predictors[name] = made
    return predictors


def take_turns(calls: dict, rounds: int, count: int) -> dict[str, np.ndarray]:
    """Seconds of each call of each function, taking turns."""
    seconds = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in tqdm(range(rounds), "turns", leave=False):
        for name, call in calls.items():
            for _ in range(count):
                started = time.perf_counter()
                call()
                seconds[name].append(time.perf_counter() - started)
    return {name: np.array(times) for name, times in seconds.items()}


def latencies(name: str, formats, rounds: int, count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Time to first and final answer of every way to run a network, and time to each exit."""
    from ann import models

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model = models.build(name, num_classes=10)
        predictors = predictors_of(model, formats, folder)
        image = np.random.default_rng(0).normal(size=model.sample_shape).astype("float32")
        whole = whole_network(folder / "all")
        calls = {("whole network, onnxruntime", "final"): lambda: whole(image)}
        for engine, predictor in predictors.items():
            calls[f"predict, {engine}", "final"] = lambda p=predictor: p.predict(
                image, deadline=60.0
            )
            calls[f"refine, {engine}", "final"] = lambda p=predictor: list(p.refine(image))
            calls[f"refine, {engine}", "first"] = lambda p=predictor: next(p.refine(image))
        seconds = take_turns(calls, rounds, count)
        by_exit = pd.DataFrame(
            {
                "network": name,
                "exit": range(p.num_exits),
                "engine": engine,
                "macs_share": p.macs / p.macs[-1],
            }
            | {
                "seconds_share": p.measure_latency() / p.latency[-1],
                "milliseconds": 1000 * p.latency,
            }
            for engine, p in predictors.items()
        )
    base = np.median(seconds["whole network, onnxruntime", "final"])
    rows = [
        {
            "network": name,
            "run": run,
            "answer": answer,
            "median_ms": 1000 * np.median(s),
            "p99_ms": 1000 * np.quantile(s, 0.99),
        }
        | {"over_whole": np.median(s) / base}
        for (run, answer), s in seconds.items()
    ]
    columns = [column for column in by_exit if column != "network"]
    return pd.DataFrame(rows), by_exit.explode(columns[:1] + columns[2:]).reset_index(drop=True)


def serve(predictor, images, labels, requests: int, clients: int) -> pd.DataFrame:
    """One row per request: random deadlines from 0 to twice the full latency, shared by clients."""
    full, rows = predictor.latency[-1], []
    progress = tqdm(total=requests, desc=f"{clients} clients", leave=False)

    def client(seed):
        random = np.random.default_rng(seed)
        for _ in range(requests // clients):
            which, deadline = random.integers(len(images)), random.uniform(0, 2 * full)
            started = time.perf_counter()
            answer = predictor.predict(images[which], deadline=deadline)
            overrun = time.perf_counter() - started - deadline
            rows.append(
                (deadline, answer.exit, overrun, answer.logits.argmax() != labels[which], which)
            )
            progress.update()

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    progress.close()
    return pd.DataFrame(rows, columns=["deadline", "exit", "overrun", "wrong", "image"])


def deadlines(run_dir, requests: int) -> pd.DataFrame:
    """What requests with random deadlines get, alone and on a busy machine."""
    from ann.runs import build
    from ann.runs.config import RunConfig
    from ann.runs.export import export_run
    from ann.runs.folder import RunFolder

    test = build.dataset(
        RunConfig.from_dict(json.loads(RunFolder(run_dir).config.read_text()))
    ).test
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "export"
        export_run(run_dir, path, ["onnx", "litert"], preprocess=True)
        for engine in ("onnxruntime", "litert"):
            predictor = predictor_of(path, engine)
            predictor.measure_latency()
            segment = np.diff(predictor.latency, prepend=0.0).max()
            smallest = (
                np.array([first_answer(predictor, image) for image in test.images[:1000]])
                != test.labels[:1000]
            )
            for clients in (1, 4):
                spinner = (
                    subprocess.Popen([sys.executable, "-c", "while True: pass"])
                    if clients > 1
                    else None
                )
                try:
                    answered = serve(predictor, test.images, test.labels, requests, clients)
                finally:
                    if spinner:
                        spinner.kill()
                lines.append(
                    {
                        "engine": engine,
                        "clients": clients,
                        "busy_core": bool(spinner),
                        "requests": requests,
                    }
                    | {"answered_percent": 100 * len(answered) / (requests // clients * clients)}
                    | {
                        "full_latency_ms": 1000 * predictor.latency[-1],
                        "segment_ms": 1000 * segment,
                    }
                    | {"late_beyond_a_segment_percent": 100 * (answered.overrun > segment).mean()}
                    | {
                        f"overrun_p{q}_ms": 1000 * np.quantile(answered.overrun, q / 100)
                        for q in (50, 99)
                    }
                    | {"mean_exit": answered.exit.mean(), "error": 100 * answered.wrong.mean()}
                    | {"error_of_first_exit": 100 * smallest.mean()}
                )
    return pd.DataFrame(lines)


def first_answer(predictor, image) -> int:
    return next(predictor.refine(image)).logits.argmax()


def error_against_time(run_dir, static_run_dirs) -> pd.DataFrame:
    """Error (%) of every exit of a network, and of static networks, against milliseconds."""
    from ann.runs.export import export_run
    from ann.runs.folder import RunFolder

    frames = []
    for directory in [run_dir, *static_run_dirs]:
        with tempfile.TemporaryDirectory() as folder:
            export_run(directory, folder, ["onnx"], preprocess=True)
            predictor = predictor_of(pathlib.Path(folder), "onnxruntime")
            milliseconds = 1000 * predictor.measure_latency()
        curve = pd.read_csv(RunFolder(directory).curve)
        config = json.loads(RunFolder(directory).config.read_text())
        frame = pd.DataFrame(
            {
                "network": config["model"]["model"],
                "weighting": config["weighting"]["weighting"],
                "exit": curve.exit,
            }
            | {"macs": curve.macs, "milliseconds": milliseconds, "error_top1": curve.error_top1}
        )
        frames.append(frame if directory == run_dir else frame.tail(1))
    return pd.concat(frames, ignore_index=True)


def plot(frame: pd.DataFrame, path) -> None:
    """Error against milliseconds: the anytime network as a line, the static ones as points."""
    from ann.evaluation.figure import new_axes, save

    figure, axes = new_axes(
        "Test error against measured time, one image, one thread", "milliseconds", "top-1 error (%)"
    )
    anytime = frame[frame.duplicated(["network", "weighting"], keep=False)]
    axes.step(
        anytime.milliseconds,
        anytime.error_top1,
        where="post",
        label=f"{anytime.network.iloc[0]}, anytime",
    )
    static = frame.drop(anytime.index)
    axes.plot(static.milliseconds, static.error_top1, "o", color="0.3", label="static networks")
    for row in static.itertuples():
        axes.annotate(
            row.network,
            (row.milliseconds, row.error_top1),
            textcoords="offset points",
            xytext=(5, 5),
            fontsize=8,
        )
    axes.legend(frameon=False)
    save(figure, path)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    logging.set_verbosity(logging.ERROR)  # TensorFlow tells of every function it saves
    from ann.runs.environment import cells, environment

    output = pathlib.Path(_OUTPUT_DIR.value)
    output.mkdir(parents=True, exist_ok=True)
    tables = {}
    if _NETWORKS.value:
        parts = [
            latencies(name, _FORMATS.value, _ROUNDS.value, _CALLS.value) for name in _NETWORKS.value
        ]
        tables = {
            "benchmark_anytime_latency.csv": pd.concat([part[0] for part in parts]),
            "benchmark_anytime_latency_by_exit.csv": pd.concat([part[1] for part in parts]),
        }
    if _RUN_DIR.value:
        tables["benchmark_anytime_deadlines.csv"] = deadlines(_RUN_DIR.value, _REQUESTS.value)
        tables["benchmark_anytime_error_against_time.csv"] = error_against_time(
            _RUN_DIR.value, _STATIC_RUN_DIRS.value
        )
        plot(
            tables["benchmark_anytime_error_against_time.csv"],
            output / "benchmark_anytime_error_against_time.png",
        )
    made_with = cells(environment())
    for name, table in tables.items():
        table.round(4).assign(**made_with).to_csv(output / name, index=False)
        print(f"\n{name}\n{table.round(3).to_string(index=False)}")


if __name__ == "__main__":
    app.run(main)
