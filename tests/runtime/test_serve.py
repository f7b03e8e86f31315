"""The command as a user runs it: a process of its own, asked over a socket."""

import contextlib
import io
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import keras
import numpy as np
import pytest
from PIL import Image

from ann import export, models
from ann.runtime import AnytimePredictor

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def export_dir(tmp_path_factory):
    """A network of three exits that takes pixels."""
    path = tmp_path_factory.mktemp("serve") / "resann"
    model = models.build("resann-n1-c4", num_classes=10)
    export.export(model, path, format="onnx", preprocessing=keras.layers.Rescaling(1 / 255))
    return path


def start(*arguments):
    command = [sys.executable, "-m", "ann.runtime.serve", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def line_of(process, pattern):
    """What `pattern` finds in the first line of the log that holds it."""
    for line in process.stderr:
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"the service ended without {pattern!r}")


@contextlib.contextmanager
def service(export_dir, *arguments):
    process = start(
        f"--export_dir={export_dir}",
        "--port=0",
        "--engine=onnxruntime",
        "--threads=1",
        "--workers=2",
        *arguments,
    )
    try:
        yield process, int(line_of(process, r"running on http://127\.0\.0\.1:(\d+)").group(1))
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def ask(port, path, body=None, **headers):
    headers = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read().decode()


def test_the_service_answers_as_the_predictor_does_and_ends_in_order(export_dir, random):
    image = random.integers(0, 256, (32, 32, 3), np.uint8)
    png = io.BytesIO()
    Image.fromarray(image).save(png, "PNG")
    expected = AnytimePredictor(export_dir, threads=1).predict(image)
    probabilities = np.exp(expected.logits) / np.exp(expected.logits).sum()
    with service(export_dir) as (process, port):
        assert json.loads(ask(port, "/health")) == {"status": "ready"}
        summary = json.loads(ask(port, "/"))
        assert summary["accepts"] == [
            "application/json",
            "application/octet-stream",
            "image/jpeg",
            "image/jpg",
            "image/png",
            "image/webp",
        ]
        assert 0 < summary["exits"][0]["seconds"] < summary["exits"][2]["seconds"]

        bodies = {
            "application/json": json.dumps(image.tolist()).encode(),
            "application/octet-stream": image.tobytes(),
            "image/png": png.getvalue(),
        }
        for content_type, body in bodies.items():
            answer = json.loads(
                ask(port, "/predict", body, Content_Type=content_type, Deadline_Ms=30_000)
            )
            assert (answer["exit"], answer["name"], answer["macs"], answer["late"]) == (
                2,
                "exit_02",
                expected.macs,
                False,
            )
            np.testing.assert_allclose(answer["probabilities"], probabilities, rtol=1e-4)
        too_dear = json.loads(
            ask(
                port,
                "/predict",
                image.tobytes(),
                Content_Type="application/octet-stream",
                Budget_Macs=0,
            )
        )
        assert (too_dear["exit"], too_dear["late"]) == (0, True)
        with pytest.raises(urllib.error.HTTPError, match="Bad Request") as refused:
            ask(port, "/predict", b"no picture", Content_Type="image/jpeg")
        assert "must be a whole JPEG" in json.loads(refused.value.read())["error"]
        assert 'anytime_answers_total{exit="exit_02"} 3.0' in ask(port, "/metrics")

        answer = answer_across_a_sigterm(process, port, image.tobytes())
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert process.wait(20) in (0, -signal.SIGTERM)
        assert "Traceback" not in process.stderr.read()


def answer_across_a_sigterm(process, port, body):
    """The answer to a request whose body is half there when the service is told to end."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        headers = [
            "POST /predict HTTP/1.1",
            "Host: test",
            "Content-Type: application/octet-stream",
            "Expect: 100-continue",
        ]
        connection.sendall("\r\n".join([*headers, f"Content-Length: {len(body)}", "", ""]).encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")  # the service waits for the body
        connection.sendall(body[:1000])
        process.terminate()
        line_of(process, "Shutting down")
        connection.sendall(body[1000:])
        answer = b""
        while part := connection.recv(10_000):
            answer += part
        return answer


def test_a_large_picture_is_decoded_in_a_process_of_its_own(export_dir):
    png = io.BytesIO()
    Image.fromarray(np.full((1500, 1500, 3), 7, np.uint8)).save(png, "PNG")
    expected = AnytimePredictor(export_dir, threads=1).predict(np.full((32, 32, 3), 7, np.uint8))
    with service(export_dir) as (_, port):
        answer = json.loads(ask(port, "/predict", png.getvalue(), Content_Type="image/png"))
    assert answer["class"] == expected.logits.argmax()
    exps = np.exp(expected.logits)
    np.testing.assert_allclose(answer["probabilities"], exps / exps.sum(), rtol=1e-4)


def test_a_hangup_loads_the_folder_again(export_dir, tmp_path):
    path = tmp_path / "export"
    shutil.copytree(export_dir, path)
    with service(path) as (process, port):
        (path / "manifest.json").unlink()
        process.send_signal(signal.SIGHUP)
        line_of(process, "the network in service stays: an export holds a manifest.json")
        shutil.copytree(export_dir, path, dirs_exist_ok=True)
        process.send_signal(signal.SIGHUP)
        line_of(process, "reloaded")
        body = np.zeros((32, 32, 3), np.uint8).tobytes()
        answer = json.loads(ask(port, "/predict", body, Content_Type="application/octet-stream"))
        assert answer["exit"] == 2
        metrics = ask(port, "/metrics")
    assert 'anytime_reloads_total{result="failed"} 1.0' in metrics
    assert 'anytime_reloads_total{result="done"} 1.0' in metrics


def test_a_folder_that_is_no_export_is_refused_before_the_port_opens(tmp_path):
    process = start(f"--export_dir={tmp_path}")
    _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"error: an export holds a manifest.json. Received: path='{tmp_path}'" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("flag", ["token_file", "class_names"])
def test_a_file_that_is_missing_or_wrong_is_refused_before_the_port_opens(
    export_dir, tmp_path, flag
):
    file = tmp_path / "file"
    process = start(f"--export_dir={export_dir}", f"--{flag}={file}")
    assert "error: [Errno 2] No such file" in process.communicate(timeout=60)[1]
    file.write_text("\n")
    process = start(f"--export_dir={export_dir}", f"--{flag}={file}")
    _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "error: " in log
    assert "Traceback" not in log


LEAN = """
import importlib.metadata, sys
from packaging.requirements import Requirement

def needed(name, extra=""):
    for text in importlib.metadata.requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement.name
            yield from needed(requirement.name)

lines = [line.split("#")[0].strip() for file in sys.argv[1:4] for line in open(file)]
names = {Requirement(line).name for line in lines if line}
names |= {inner for name in names for inner in needed(name)}
distributions = {name.lower().replace("-", "_") for name in names}
owners = importlib.metadata.packages_distributions()

class OnlyLean:
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top in owners and not any(
            owner.lower().replace("-", "_") in distributions for owner in owners[top]
        ) and top != "ann":
            raise ModuleNotFoundError(f"not in the lean install: {name}", name=name)

sys.meta_path.insert(0, OnlyLean())
from ann.runtime import serve
from absl import app
sys.argv = ["serve", *sys.argv[4:]]
serve.define_flags()
app.run(serve.main)
"""


def test_the_service_needs_only_what_the_lean_install_brings(export_dir):
    requirements = ROOT / "third_party" / "requirements"
    files = [str(requirements / f"{name}.txt") for name in ("base", "runtime", "serve")]
    command = [sys.executable, "-c", LEAN, *files, f"--export_dir={export_dir}", "--port=0"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        port = int(line_of(process, r"running on http://127\.0\.0\.1:(\d+)").group(1))
        body = np.zeros((32, 32, 3), np.uint8).tobytes()
        answer = json.loads(ask(port, "/predict", body, Content_Type="application/octet-stream"))
        assert answer["exit"] == 2
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
