"""How long an answer takes, and what a deadline gets: the runtime against whole networks, one image
at a time.

    python -m benchmarks.anytime_latency
    python -m benchmarks.anytime_latency --run_dir=runs/cifar10-resann-n9-c16-adaloss-seed0

First ResANN n=9, c=16 (27 exits) and MSDNet base=step=4 (224 px), in every engine and precision:
the time to the first and to the final answer, over that of the whole network in the same engine and
precision, and in the fastest, called with nothing of ours in between. All take turns in one
process, for --seconds per network; with the exports that is less than 10 minutes. Also the time to
each exit beside its share of the MACs. int8 is calibrated on random images, for its speed alone.

Then, if --run_dir names a finished run: requests with random deadlines from 0 to twice the full
latency, from one client and from four beside a busy core; and error against measured milliseconds,
beside the static networks of --static_run_dirs. Tables go to --output_dir as CSV, the last one also
as a figure.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import concurrent.futures
import json
import multiprocessing
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import pandas as pd
from absl import flags, logging
from tqdm import tqdm

from ann.commands.run import run

PRECISIONS = ("float32", "bfloat16", "int8")
_CALLS_IN_A_TURN = 5
_LEAST_TURNS = 3


def whole_onnxruntime(path, precision, exit_names):
    """A function that calls ONNX Runtime on the whole network, nothing of ours in between."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(path / "all_exits.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return lambda image: session.run(None, {"image": image})


def whole_openvino(path, precision, exit_names):
    """The same of OpenVINO."""
    import openvino

    network = openvino.Core().read_model(path / "all_exits.onnx")
    network.reshape({x: [1, *list(x.partial_shape)[1:]] for x in network.inputs})
    options = {
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
        "INFERENCE_NUM_THREADS": 1,
    }
    request = openvino.compile_model(network, "CPU", options).create_infer_request()
    return lambda image: request.infer({"image": image})


def whole_litert(path, precision, exit_names):
    """The same of LiteRT, to the last exit alone."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path / "model.tflite"), num_threads=1)
    runner = interpreter.get_signature_runner(exit_names[-1])
    return lambda image: runner(image=image)


def whole_tensorflow(path, precision, exit_names):
    """The same of TensorFlow, to the last exit alone."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    call = loaded.signatures["serving_default"]
    return lambda image, kept=loaded: call(image=tf.constant(image))["logits"].numpy()


WHOLE = {
    "onnxruntime": whole_onnxruntime,
    "openvino": whole_openvino,
    "litert": whole_litert,
    "tensorflow": whole_tensorflow,
}


def predictor_of(path, engine, precision=None, threads=1):
    from ann import runtime

    threads = None if engine == "tensorflow" else threads
    return runtime.AnytimePredictor(path, engine=engine, precision=precision, threads=threads)


def write_export(name, formats, precision, folder) -> None:
    """Exports a network with random weights."""
    from ann import export, models

    model, settings = models.build(name, num_classes=10), {}
    if precision == "int8":
        images = np.random.default_rng(0).normal(size=(4, *model.sample_shape)).astype("float32")
        settings = {"quantize": "int8", "calibration": images, "quantize_bound": 100.0}
        formats = [format for format in formats if format != "saved_model"]
    if formats:
        export.export(model, folder, formats, **settings)


def write_exports(names, formats, folder) -> dict:
    """Folders of the exports by network and precision, written by two processes."""
    pairs = [(name, precision) for name in names for precision in ("int8", "float32")]
    folders = {pair: folder / "-".join(pair) for pair in pairs}
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, spawn) as pool:
        written = [
            pool.submit(write_export, name, formats, precision, path)
            for (name, precision), path in folders.items()
        ]
        for one in tqdm(concurrent.futures.as_completed(written), "exports", len(written)):
            one.result()
    return folders | {(name, "bfloat16"): folders[name, "float32"] for name in names}


def ways_to_run(folders, name, formats):
    """Every engine and precision that there is here.

    Returns:
        Functions to time by (engine, precision, what is called, which answer), and predictors with
        one thread by (engine, precision).
    """
    from ann import runtime

    calls, predictors = {}, {}
    for engine in (e for format in formats for e in runtime.engines_of_format(format)):
        for precision in PRECISIONS:
            path = folders[name, precision]
            try:
                one = predictor_of(path, engine, precision)
            except ValueError:  # not in this format, or not on this processor
                continue
            default = predictor_of(path, engine, precision, threads=None)
            whole = WHOLE[engine](path, precision, one.exit_names)
            image = np.random.default_rng(0).normal(size=one.input_shape).astype("float32")
            predictors[engine, precision] = one
            calls |= {
                (engine, precision, *which): call
                for which, call in _calls(whole, one, default, image).items()
            }
    return calls, predictors


def _calls(whole, one, default, image) -> dict:
    """What is timed of one engine in one precision."""
    batch = image[np.newaxis]
    return {
        ("whole network", "final"): lambda: whole(batch),
        ("predict", "final"): lambda: one.predict(image, deadline=60.0),
        ("predict, default threads", "final"): lambda: default.predict(image, deadline=60.0),
        ("predict, lazy heads", "final"): lambda: one.predict(image, lazy_heads=True),
        ("refine", "final"): lambda: list(one.refine(image)),
        ("refine", "first"): lambda: next(one.refine(image)),
    }


def take_turns(calls: dict, seconds: float) -> dict:
    """Seconds of each call of each function, which take turns until the time is up."""
    times, turns, ends = {name: [] for name in calls}, 0, time.perf_counter() + seconds
    for call in calls.values():
        call()
    progress = tqdm(desc="turns", leave=False)
    while turns < _LEAST_TURNS or time.perf_counter() < ends:
        for name, call in calls.items():
            for _ in range(_CALLS_IN_A_TURN):
                started = time.perf_counter()
                call()
                times[name].append(time.perf_counter() - started)
        turns += 1
        progress.update()
    progress.close()
    return {name: np.array(one) for name, one in times.items()}


def with_ratios(times: pd.DataFrame) -> pd.DataFrame:
    """Adds each time over those of whole networks that took turns with it.

    `over_whole`: of the same engine and precision; `over_fastest`: of the fastest engine in its
    fastest precision that is not int8; `over_float32`: the same call in the same engine in float32.
    """
    times = times.set_index(["engine", "precision", "run", "answer"])["median_ms"]
    whole = times.xs(("whole network", "final"), level=("run", "answer"))
    fastest = whole[whole.index.get_level_values("precision") != "int8"].min()
    rows = [
        {
            "over_whole": value / whole[engine, precision],
            "over_fastest": value / fastest,
            "over_float32": value / times[engine, "float32", call, answer],
        }
        for (engine, precision, call, answer), value in times.items()
    ]
    return pd.DataFrame(rows)


def latencies(folders, name: str, formats, seconds: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Time to first and final answer of every way to run a network, and time to each exit.

    Args:
        folders: of `write_exports`.
        name: of the network.
        formats: of the exports.
        seconds: of turns.
    """
    calls, predictors = ways_to_run(folders, name, formats)
    times = take_turns(calls, seconds)
    by_exit = [
        pd.DataFrame(
            {
                "network": name,
                "exit": range(one.num_exits),
                "engine": engine,
                "precision": precision,
                "macs_share": one.macs / one.macs[-1],
                "milliseconds": 1000 * one.measure_latency(),
                "seconds_share": one.latency / one.latency[-1],
            }
        )
        for (engine, precision), one in predictors.items()
    ]
    rows = pd.DataFrame(
        {
            "network": name,
            "engine": engine,
            "precision": precision,
            "run": call,
            "answer": answer,
            "calls": len(s),
            "median_ms": 1000 * np.median(s),
            "p99_ms": 1000 * np.quantile(s, 0.99),
        }
        for (engine, precision, call, answer), s in times.items()
    )
    return pd.concat([rows, with_ratios(rows)], axis=1), pd.concat(by_exit)


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
    if len(static):
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


def define_flags():
    """The settings of the command line."""
    flags.DEFINE_list(
        "networks", ["resann-n9-c16", "msdnet-imagenet-k4"], "Networks of the first part."
    )
    flags.DEFINE_list("formats", ["onnx", "litert", "saved_model"], "Formats of the first part.")
    flags.DEFINE_float("seconds", 60.0, "Of turns for each network.", lower_bound=0.0)
    flags.DEFINE_string("run_dir", None, "Folder of a finished run of an anytime network.")
    flags.DEFINE_list("static_run_dirs", [], "Finished runs whose last exit alone is looked at.")
    flags.DEFINE_integer("requests", 10_000, "Requests with random deadlines.", lower_bound=1)
    flags.DEFINE_string("output_dir", "runs/anytime_latency", "Folder for the tables.")


def main(arguments):
    from ann.runs.environment import cells, environment

    logging.set_verbosity(logging.ERROR)  # TensorFlow tells of every function it saves
    values = flags.FLAGS
    output = pathlib.Path(values.output_dir)
    output.mkdir(parents=True, exist_ok=True)
    tables = {}
    if values.networks:
        with tempfile.TemporaryDirectory() as folder:
            folders = write_exports(values.networks, values.formats, pathlib.Path(folder))
            parts = [
                latencies(folders, name, values.formats, values.seconds) for name in values.networks
            ]
        tables = {
            "benchmark_anytime_latency.csv": pd.concat([part[0] for part in parts]),
            "benchmark_anytime_latency_by_exit.csv": pd.concat([part[1] for part in parts]),
        }
    if values.run_dir:
        against_time = error_against_time(values.run_dir, values.static_run_dirs)
        tables["benchmark_anytime_deadlines.csv"] = deadlines(values.run_dir, values.requests)
        tables["benchmark_anytime_error_against_time.csv"] = against_time
        plot(against_time, output / "benchmark_anytime_error_against_time.png")
    made_with = cells(environment())
    for name, table in tables.items():
        table.round(4).assign(**made_with).to_csv(output / name, index=False)
        print(f"\n{name}\n{table.round(3).to_string(index=False)}")


if __name__ == "__main__":
    run(sys.modules[__name__])
