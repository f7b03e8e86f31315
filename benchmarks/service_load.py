"""What deadlines get from the service when more requests come than it can answer in full.

    python -m benchmarks.service_load

First the queues alone: a network of 27 exits and 100 ms whose runs sleep instead of computing, so
that whatever else the machine does matters little. Then the real thing: services of one network
take turns under the same load, over loopback, all within one run: earliest deadline first with the
depth chosen by the queue (`anytime`); the same network, first in, first out, each request to its
deadline (`first in, first out`); and static networks of several sizes, first in, first out.
Requests come at random times (Poisson), at multiples of the rate that saturates the whole network,
each with a deadline of 1.5 to 5 times the network's latency. They are timed by the client, from the
moment they were due.

Then four clients that ask again and again beside a busy process, with deadlines from 0 to twice the
latency: each on a thread of its own against the predictor, and through the queue. Bounded by
--seconds and --max_requests: less than 5 minutes by default. Tables go to --output_dir as CSV, with
figures.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import asyncio
import concurrent.futures
import json
import multiprocessing
import pathlib
import random
import socket
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

ANYTIME, IN_ORDER = "anytime", "first in, first out"
_CONNECTIONS = 256
_START_SECONDS = 120
_ANSWER_SECONDS = 20  # until a request counts as not answered
_DEADLINES = (1.5, 5.0)  # times the latency of the whole network


class FirstInFirstOut:
    """A queue as any service has it: jobs in the order in which they come."""

    def __init__(self, predictor, workers, max_waiting, keeps_deadlines=True):
        del max_waiting
        self._predictor, self._keeps_deadlines = predictor, keeps_deadlines
        self._pool = concurrent.futures.ThreadPoolExecutor(workers)
        self.waiting, self.full = 0, False

    def submit(self, jobs):
        for job in jobs:
            self._pool.submit(self._answer, job)

    def _answer(self, job):
        try:
            image, left = job.image(), None
            if job.ends is not None and self._keeps_deadlines:
                left = max(0.0, job.ends - time.perf_counter())
            answer = self._predictor.predict(image, left)
            job.answered = time.perf_counter()
            job.future.set_result(job.marked(answer))
        except Exception as error:
            job.future.set_exception(error)

    def note_reply(self, seconds):
        pass

    def close(self):
        self._pool.shutdown()


class Static(FirstInFirstOut):
    """The same for a network that knows only its last exit."""

    def __init__(self, *arguments):
        super().__init__(*arguments, keeps_deadlines=False)


class SleepingNetwork:
    """Exits at even distances; a run to its deadline sleeps that long, and can be interrupted."""

    seconds, num_exits = 0.1, 27

    def __init__(self):
        self.macs = np.arange(1, self.num_exits + 1)
        self.latency = self.seconds * self.macs / self.num_exits
        self.manifest = {"input": {"shape": [1], "dtype": "uint8"}}

    def predict(self, image, deadline=None, *, budget_macs=None, on_start=None):
        from ann.runtime import Answer
        from ann.runtime.request import Request

        began, request, wake = time.perf_counter(), Request(), threading.Event()
        request.on_interrupt(wake.set)
        if on_start is not None:
            on_start(request)
        first, full = self.latency[0], self.latency[-1]
        wake.wait(full if deadline is None else min(max(deadline, first), full))
        time.sleep(max(0.0, first - (time.perf_counter() - began)))  # interrupted before it
        seconds = time.perf_counter() - began
        exit = int(np.searchsorted(self.latency, seconds, "right")) - 1
        return Answer(max(exit, 0), np.zeros(1), seconds, int(self.macs[max(exit, 0)]))


def queue_alone(settings) -> pd.DataFrame:
    """Both queues before the network that sleeps, under the same requests."""
    from ann.runtime.service.scheduler import Scheduler

    turns = [(name, float(load)) for load in settings.loads for name in (ANYTIME, IN_ORDER)]
    queues = {ANYTIME: Scheduler, IN_ORDER: FirstInFirstOut}
    rows = []
    for name, times in tqdm(turns, "queues", leave=False):
        network = SleepingNetwork()
        queue = queues[name](network, 2, 1024)
        jobs = _submit_at_random_times(queue, times * 2 / network.seconds, settings)
        for job in jobs:
            answer = job.future.result()
            late = job.answered - job.ends
            rows.append((name, times, answer.exit, answer.macs, late))
        queue.close()
    frame = pd.DataFrame(rows, columns=["service", "load", "exit", "macs", "late"])
    frame["macs_share"] = frame.macs / network.num_exits
    return frame.assign(saturating_rate=2 / network.seconds, latency=network.seconds)


def _submit_at_random_times(queue, rate, settings):
    from ann.runtime.service.scheduler import Job

    choice, jobs, due = random.Random(0), [], time.perf_counter()
    ends = due + 2 * settings.seconds
    while due < ends and len(jobs) < settings.max_requests:
        due += choice.expovariate(rate)
        time.sleep(max(0.0, due - time.perf_counter()))
        job = Job(lambda: 0, due + choice.uniform(*_DEADLINES) * SleepingNetwork.seconds)
        queue.submit([job])
        jobs.append(job)
    return jobs


def _serve(path, queue, listening):
    """Runs in a process of its own: a service on a socket."""
    import uvicorn

    from ann.runtime import AnytimePredictor
    from ann.runtime.service.app import create_app
    from ann.runtime.service.scheduler import Scheduler

    sys.setswitchinterval(0.0005)
    queues = {"anytime": Scheduler, "in_order": FirstInFirstOut, "static": Static}
    predictor = AnytimePredictor(path, threads=1, measure_latency=True)
    service = create_app(predictor, scheduler=queues[queue], max_waiting=1024)
    config = uvicorn.Config(service, http="httptools", log_level="warning", access_log=False)
    uvicorn.Server(config).run([listening])


class Service:
    """A service in a process of its own, ended with the block."""

    def __init__(self, path, queue):
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
            self.port = listening.getsockname()[1]
            context = multiprocessing.get_context("spawn")
            self._process = context.Process(target=_serve, args=(path, queue, listening))
            self._process.start()

    def __enter__(self):
        asyncio.run(self._until_ready())
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.join()

    async def _until_ready(self):
        # The socket is open before the network is loaded: the answer comes once it is.
        async with asyncio.timeout(_START_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readuntil(b"ready")
            writer.close()


class Client:
    """Asks over connections that stay open."""

    def __init__(self, port, body):
        self._port, self._body, self._free = port, body, []
        self._limit = asyncio.Semaphore(_CONNECTIONS)

    async def ask(self, deadline):
        """Exit, macs and lateness (s) of an answer to a request that is due now; None: refused.

        Raises:
            TimeoutError: there was no answer.
        """
        due = time.perf_counter()
        async with asyncio.timeout(_ANSWER_SECONDS), self._limit:
            if self._free:
                reader, writer = self._free.pop()
            else:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            left_ms = max(0.0, 1000 * (due + deadline - time.perf_counter()))
            head = (
                "POST /predict HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Type: application/octet-stream\r\n"
                f"Deadline-Ms: {left_ms:.3f}\r\nContent-Length: {len(self._body)}\r\n\r\n"
            )
            writer.write(head.encode() + self._body)
            answer = await reader.readuntil(b"\r\n\r\n")
            size = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            said = json.loads(await reader.readexactly(size))
            late = time.perf_counter() - due - deadline
            self._free.append((reader, writer))
        return (said["exit"], said["macs"], late) if answer.startswith(b"HTTP/1.1 200") else None


async def load(port, body, rate, deadlines, seconds, max_requests):
    """Answers to requests that come at random times."""
    choice, client, tasks = random.Random(0), Client(port, body), []
    began = due = time.perf_counter()
    while due - began < seconds and len(tasks) < max_requests:
        due += choice.expovariate(rate)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(client.ask(choice.uniform(*deadlines))))
    return await asyncio.gather(*tasks, return_exceptions=True)


async def throughput(port, body, clients, seconds):
    """Answers in full per second to clients that ask again and again."""
    client, ends = Client(port, body), time.perf_counter() + seconds

    async def again():
        count = 0
        while time.perf_counter() < ends:
            await client.ask(60.0)
            count += 1
        return count

    return sum(await asyncio.gather(*(again() for _ in range(clients)))) / seconds


def export_all(names, folder):
    """Exports each network and returns its folder by name."""
    from ann import export, models

    paths = {}
    for name in dict.fromkeys(names):
        paths[name] = folder / name
        export.export(models.build(name, num_classes=10), paths[name], "onnx")
    return paths


def under_load(paths, settings) -> pd.DataFrame:
    """Services at multiples of the saturating rate, in turns."""
    from ann.runtime import AnytimePredictor

    predictor = AnytimePredictor(paths[settings.network], threads=1, measure_latency=True)
    image = np.zeros(predictor.input_shape, "float32")
    seconds = [predictor.predict(image).seconds for _ in range(50)]
    latency, whole_macs = float(np.median(seconds)), int(predictor.macs[-1])
    kinds = {ANYTIME: (settings.network, "anytime"), IN_ORDER: (settings.network, "in_order")}
    kinds |= {f"static {name}": (name, "static") for name in settings.static}
    rows, body = [], image.tobytes()
    deadlines = tuple(times * latency for times in _DEADLINES)
    services = {name: Service(paths[net], queue) for name, (net, queue) in kinds.items()}
    try:
        for service in services.values():
            service.__enter__()
        saturating = asyncio.run(throughput(services[IN_ORDER].port, body, 4, settings.seconds))
        print(f"latency {1000 * latency:.1f} ms, saturated at {saturating:.0f} requests/s")
        turns = [
            (load, name)
            for _ in range(settings.rounds)
            for load in settings.loads
            for name in kinds
        ]
        for times, name in tqdm(turns, "turns", leave=False):
            rate = float(times) * saturating
            limits = (settings.seconds, settings.max_requests)
            answers = asyncio.run(load(services[name].port, body, rate, deadlines, *limits))
            good = [answer for answer in answers if isinstance(answer, tuple)]
            rows += [(name, float(times), *answer) for answer in good]
            rows += [(name, float(times), None, None, None)] * (len(answers) - len(good))
    finally:
        for service in services.values():
            service.__exit__()
    frame = pd.DataFrame(rows, columns=["service", "load", "exit", "macs", "late"])
    frame["macs_share"] = frame.macs / whole_macs
    return frame.assign(saturating_rate=saturating, latency=latency)


def summarize(frame) -> pd.DataFrame:
    """A row per service and load."""

    def row(group):
        late_ms = 1000 * group.late.dropna()
        return pd.Series(
            {
                "requests": len(group),
                "answered_percent": 100 * group.late.notna().mean(),
                "late_percent": 100 * (late_ms > 0).mean(),
                "late_by_p99_ms": np.quantile(late_ms, 0.99),
                "mean_exit": group.exit.mean(),
                "mean_macs_share": group.macs_share.mean(),
                "useful_macs_share": (group.macs_share * (group.late <= 0)).mean(),
                "latency_ms": 1000 * group.latency.iloc[0],
                "saturating_rate": group.saturating_rate.iloc[0],
            }
        )

    groups = frame.groupby(["service", "load"], sort=False)
    return groups.apply(row, include_groups=False).reset_index()


def four_clients(path, settings) -> pd.DataFrame:
    """Four clients beside a busy process: each straight to the predictor, and through the queue."""
    from ann.runtime import AnytimePredictor
    from ann.runtime.service.scheduler import Job, Scheduler

    predictor = AnytimePredictor(path, threads=1, measure_latency=True)
    image = np.zeros(predictor.input_shape, "float32")
    full = float(np.median([predictor.predict(image).seconds for _ in range(50)]))
    scheduler = Scheduler(predictor, os.cpu_count())

    def straight(deadline):
        return predictor.predict(image, deadline)

    def queued(deadline):
        job = Job(lambda: image, time.perf_counter() + deadline)
        scheduler.submit([job])
        return job.future.result()

    lines = {"straight to the predictor": [], "through the queue": []}
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        for _ in range(settings.rounds):
            for (name, rows), ask in zip(lines.items(), (straight, queued), strict=True):
                _ask_from_threads(ask, full, rows, settings, f"four clients, {name}")
    finally:
        for process in busy:
            process.kill()
    scheduler.close()
    return pd.DataFrame(
        {
            "clients": f"4, {name}, 2 busy processes",
            "requests": len(rows),
            "latency_ms": 1000 * full,
            "mean_exit": np.mean([exit for exit, _ in rows]),
            "late_percent": 100 * np.mean([late > 0 for _, late in rows]),
            **{
                f"late_by_p{q}_ms": 1000 * np.quantile([x for _, x in rows], q / 100)
                for q in (90, 99)
            },
        }
        for name, rows in lines.items()
    )


def _ask_from_threads(ask, full, rows, settings, text):
    ends = time.perf_counter() + 2 * settings.seconds
    most = settings.max_requests * settings.rounds

    def client(seed):
        choice = random.Random(seed)
        while time.perf_counter() < ends and len(rows) < most:
            deadline, began = choice.uniform(0, 2 * full), time.perf_counter()
            answer = ask(deadline)
            rows.append((answer.exit, time.perf_counter() - began - deadline))

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in tqdm(threads, text, leave=False):
        thread.join()


def plot(table, title, path) -> None:
    """Late answers and depth against the load, a line per service."""
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("Agg")
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    columns = {
        "late_percent": "answers after their deadline (%)",
        "useful_macs_share": "MACs of answers in time,\nshare of the whole network's",
    }
    for axis, (column, label) in zip(axes, columns.items(), strict=True):
        for index, (name, line) in enumerate(table.groupby("service", sort=False)):
            style = {"lw": 2.5} if name == ANYTIME else {"lw": 1.2, "ls": "--"}
            points = {"marker": "os^Dv"[index], "color": f"C{index}", "clip_on": False}
            axis.plot(line.load, line[column], label=name, **style, **points)
        axis.set(xlabel="load, times the saturating rate", ylabel=label)
        axis.set_ylim(bottom=0)
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.3)
    axes[1].legend(frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=11)
    figure.savefig(path, dpi=150)


def define_flags():
    """The settings of the command line."""
    flags.DEFINE_string("network", "resann-n9-c32", "The anytime network.")
    flags.DEFINE_list(
        "static", ["resann-n9-c32", "resann-n4-c32", "resann-n1-c32"], "Static networks."
    )
    flags.DEFINE_list("loads", ["0.5", "1", "1.5", "2", "3"], "Of the saturating rate.")
    flags.DEFINE_float("seconds", 2.0, "Of each load on each service, per round.")
    flags.DEFINE_integer("rounds", 2, "Turns of each.", lower_bound=1)
    flags.DEFINE_integer("max_requests", 3000, "In one turn.", lower_bound=1)
    flags.DEFINE_string("output_dir", "runs/service_load", "Folder for the tables.")


def main(arguments):
    from ann.runs.environment import cells, environment

    logging.set_verbosity(logging.ERROR)
    settings = flags.FLAGS
    output = pathlib.Path(settings.output_dir)
    output.mkdir(parents=True, exist_ok=True)
    tables = {"queue": summarize(queue_alone(settings))}
    with tempfile.TemporaryDirectory() as folder:
        paths = export_all([settings.network, *settings.static], pathlib.Path(folder))
        tables["load"] = summarize(under_load(paths, settings))
        tables["clients"] = four_clients(paths[settings.network], settings)
    made_with = cells(environment())
    for name, frame in tables.items():
        file = output / f"benchmark_service_{name}.csv"
        frame.round(4).assign(**made_with).to_csv(file, index=False)
        print(f"\n{file.name}\n{frame.round(3).to_string(index=False)}")
    titles = {
        "queue": "Two runs at a time of a network that sleeps 100 ms",
        "load": f"{settings.network}: a service on {os.cpu_count()} cores",
    }
    for name, title in titles.items():
        plot(tables[name], title, output / f"benchmark_service_{name}.png")


if __name__ == "__main__":
    run(sys.modules[__name__])
