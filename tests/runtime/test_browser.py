"""The export read in another language: segments refined by JavaScript in a real browser.

Needs Chromium, and onnxruntime-web in examples/browser/node_modules or in the folder
ONNXRUNTIME_WEB; skips where one of them is missing.
"""

import functools
import http.server
import json
import os
import pathlib
import queue
import shutil
import subprocess
import threading
from typing import ClassVar

import keras
import numpy as np
import pytest

from ann import export, models
from ann.runtime import AnytimePredictor

EXAMPLE = pathlib.Path(__file__).parent.parent.parent / "examples" / "browser"
ORT_WEB = pathlib.Path(
    os.environ.get("ONNXRUNTIME_WEB", EXAMPLE / "node_modules" / "onnxruntime-web")
)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
SECONDS = 60

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or not ORT_WEB.is_dir(), reason="no Chromium or no onnxruntime-web here"
)

PAGE = """<!doctype html><script type="module">
import * as ort from "/ort/dist/ort.wasm.bundle.min.mjs";
import { open, predict, refine } from "/anytime.js";
ort.env.wasm.numThreads = 1;
const result = {};
try {
  const network = await open("/export", ort);
  const image = new Uint8Array(await (await fetch("/image")).arrayBuffer());
  result.logits = [];
  for await (const answer of refine(network, image)) result.logits.push([...answer.logits]);
  result.soon = (await predict(network, image, 0)).exit;
  result.late = (await predict(network, image, 1e9)).exit;
  await refine(network, image.subarray(1)).next().catch((error) => (result.size = error.message));
  await open("/changed", ort).catch((error) => (result.changed = error.message));
} catch (error) {
  result.error = String(error.stack ?? error);
}
await fetch("/result", { method: "POST", body: JSON.stringify(result) });
</script>"""


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves the page, the example, and an export; takes the result."""

    extensions_map: ClassVar = {
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, *arguments, folders, image, results):
        self._folders, self._image, self._results = folders, image, results
        super().__init__(*arguments)

    def do_GET(self):
        if self.path in ("/", "/image"):
            body, kind = (PAGE.encode(), "text/html") if self.path == "/" else (self._image, "x/y")
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            super().do_GET()

    def do_POST(self):
        self._results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def translate_path(self, path):
        for prefix, folder in self._folders.items():
            if path.startswith(prefix):
                return str(folder / path.removeprefix(prefix).lstrip("/"))
        return str(EXAMPLE / path.lstrip("/"))

    def log_message(self, *_):
        pass


@pytest.fixture
def exported(tmp_path):
    model = models.build("resann-n1-c4", num_classes=10)
    path = tmp_path / "export"
    export.export(model, path, format="onnx", preprocessing=keras.layers.Rescaling(1 / 255))
    shutil.copytree(path, tmp_path / "changed")
    with (tmp_path / "changed" / "segment_01.onnx").open("ab") as file:
        file.write(b" ")
    return path


def result_in_browser(folders, image, profile):
    results = queue.Queue()
    handler = functools.partial(Files, folders=folders, image=image, results=results)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        browser = subprocess.Popen(
            [
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                f"--user-data-dir={profile}",
                "--remote-debugging-port=0",  # stays open until it is ended
                f"http://127.0.0.1:{server.server_port}/",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return results.get(timeout=SECONDS)
        finally:
            browser.terminate()
            browser.wait()
            server.shutdown()


def test_javascript_refines_the_export_as_the_runtime_does(exported, tmp_path, random):
    image = random.integers(0, 256, (32, 32, 3), np.uint8)
    folders = {"/ort": ORT_WEB, "/export": exported, "/changed": tmp_path / "changed"}
    result = result_in_browser(folders, image.tobytes(), tmp_path / "profile")
    assert "error" not in result, result["error"]
    expected = [answer.logits for answer in AnytimePredictor(exported, threads=1).refine(image)]
    np.testing.assert_allclose(result["logits"], expected, rtol=1e-4, atol=1e-5)
    assert (result["soon"], result["late"]) == (0, 2)
    assert "must be 3072 numbers of uint8. Received: 3071 in a Uint8Array" in result["size"]
    assert "Received: segment_01.onnx changed" in result["changed"]
