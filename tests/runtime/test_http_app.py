"""The service, asked without a socket, around a predictor that does as it is told."""

import asyncio
import dataclasses
import io
import json
import logging
import os
import signal
import threading

import httpx
import numpy as np
import pytest
from PIL import Image

from ann.runtime import Answer
from ann.runtime.request import Request
from ann.runtime.service import app as service_app
from ann.runtime.service import asking

LOG_3 = 1.0986123
IMAGE = {"content": b"[[1, 2]]", "headers": {"Content-Type": "application/json"}}


class StubPredictor:
    """Answers at exit 1 with probabilities 1/4 and 3/4."""

    exit_names, input_shape, engine = ("exit_00", "exit_01"), (1, 2), "stub"
    latency, macs = np.array([0.5e-3, 1e-3]), np.array([10, 30])

    def __init__(self, logits=(0.0, LOG_3)):
        self.manifest = {
            "model": "stub",
            "input": {"shape": [1, 2], "dtype": "float32"},
            "num_classes": 2,
            "versions": {},
            "exits": [{"name": "exit_00", "macs": 10}, {"name": "exit_01", "macs": 30}],
        }
        self.answer = Answer(1, np.array(logits, np.float32), 0.0, 30)
        self.calls = []

    def predict(self, image, deadline=None, *, budget_macs=None, on_start=lambda request: None):
        self.calls.append((np.asarray(image).tolist(), deadline, budget_macs))
        on_start(Request())
        return self.answer

    def refine(self, image):
        yield dataclasses.replace(self.answer, exit=0, macs=10)
        yield self.answer


def run(ask, predictor=None, **options):
    """What `await ask(client)` gives, with the service running."""

    async def session():
        app = service_app.create_app(predictor or StubPredictor(), workers=2, **options)
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://test") as client,
        ):
            return await ask(client)

    return asyncio.run(session())


def predict(predictor=None, headers=(), content=IMAGE["content"], **options):
    headers = {**IMAGE["headers"], **dict(headers)}
    return run(
        lambda client: client.post("/predict", content=content, headers=headers),
        predictor,
        **options,
    )


def test_an_answer_says_what_and_at_which_cost():
    predictor = StubPredictor()
    response = predict(predictor)
    assert response.status_code == 200
    answer = response.json()
    assert answer.pop("probabilities") == pytest.approx([0.25, 0.75])
    assert 0 < answer.pop("seconds") < 5
    assert answer == {"exit": 1, "name": "exit_01", "class": 1, "macs": 30, "late": False}
    assert predictor.calls[-1] == ([[1.0, 2.0]], None, None)


def test_every_thread_is_warm_before_the_first_request():
    predictor = StubPredictor()
    run(lambda client: client.get("/health"), predictor)
    assert predictor.calls == [([[0.0, 0.0]], None, None)] * 2  # two workers


def test_a_batch_is_answered_image_by_image():
    predictor = StubPredictor()
    response = run(
        lambda client: client.post(
            "/predict/batch", content=b"[[[1, 2]], [[3, 4]]]", headers=IMAGE["headers"]
        ),
        predictor,
    )
    assert response.status_code == 200
    answers = response.json()["answers"]
    assert [answer["class"] for answer in answers] == [1, 1]
    assert sorted(call[0] for call in predictor.calls[-2:]) == [[[1.0, 2.0]], [[3.0, 4.0]]]


def test_a_batch_that_the_queue_cannot_hold_is_refused():
    async def ask(client):
        body = json.dumps([[[1, 2]]] * 4)
        return await client.post("/predict/batch", content=body, headers=IMAGE["headers"])

    assert "a list of 1 to 3 images" in run(ask, max_batch=3).json()["error"]
    # No batch may be larger than the queue.
    assert "a list of 1 to 3 images" in run(ask, max_batch=9, max_waiting=3).json()["error"]


def events(response):
    for event in response.text.strip().split("\n\n"):
        name, data = event.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_refined_answers_come_as_events():
    response = run(lambda client: client.post("/refine", **IMAGE))
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    names, data = zip(*events(response), strict=True)
    assert names == ("answer", "answer", "end")
    assert [answer["exit"] for answer in data[:2]] == [0, 1]


def test_refining_stops_at_the_deadline_and_at_the_budget():
    async def ask(client, name, value):
        headers = {**IMAGE["headers"], name: value}
        response = await client.post("/refine", content=IMAGE["content"], headers=headers)
        return list(events(response))

    (name, answer), _ = run(lambda client: ask(client, "Deadline-Ms", "0"))
    assert (name, answer["exit"], answer["late"]) == ("answer", 0, True)
    answers = run(lambda client: ask(client, "Budget-Macs", "29"))
    assert [data["exit"] for name, data in answers if name == "answer"] == [0]
    (name, answer), _ = run(lambda client: ask(client, "Budget-Macs", "9"))
    assert (answer["exit"], answer["late"]) == (0, True)


def test_refining_refuses_what_predicting_refuses():
    response = run(
        lambda client: client.post("/refine", content=b"[[1]]", headers=IMAGE["headers"])
    )
    assert response.status_code == 400


def test_an_engine_that_fails_while_refining_ends_the_stream_with_an_error():
    predictor = StubPredictor()

    def refine(image):
        yield predictor.answer
        raise ZeroDivisionError

    predictor.refine = refine
    response = run(lambda client: client.post("/refine", **IMAGE), predictor)
    names, data = zip(*events(response), strict=True)
    assert names == ("answer", "error")
    assert data[1] == {"error": "the engine failed; the log of the service says why"}


def test_answers_name_the_class():
    assert predict(class_names=["cat", "dog"]).json()["class_name"] == "dog"
    with pytest.raises(ValueError, match="one for each of 2 classes. Received: 1"):
        predict(class_names=["cat"])


def test_a_request_id_comes_back_and_a_bad_one_is_replaced(caplog):
    caplog.set_level(logging.INFO, "ann.access")
    assert predict(headers={"X-Request-Id": "job-17.a"}).headers["x-request-id"] == "job-17.a"
    line = json.loads(caplog.messages[-1])
    assert {name: line[name] for name in ("request_id", "path", "status", "exit", "late")} == {
        "request_id": "job-17.a",
        "path": "/predict",
        "status": 200,
        "exit": 1,
        "late": False,
    }
    made = predict(headers={"X-Request-Id": 'a"b'}).headers["x-request-id"]
    assert len(made) == 32
    assert made.isalnum()


def test_a_token_is_asked_for_everywhere_but_at_the_probes():
    async def ask(client, **headers):
        paths = ("/", "/health", "/ready", "/openapi.json", "/metrics")
        statuses = [(await client.get(path, headers=headers)).status_code for path in paths]
        headers = {**IMAGE["headers"], **headers}
        answer = await client.post("/predict", content=IMAGE["content"], headers=headers)
        return [*statuses, answer.status_code]

    def statuses(**headers):
        return run(lambda client: ask(client, **headers), token="secret")

    assert statuses() == [200, 200, 200, 200, 401, 401]
    assert statuses(Authorization="Bearer wrong") == [200, 200, 200, 200, 401, 401]
    assert statuses(Authorization="Bearer secret") == [200] * 6


def test_readiness_is_apart_from_liveness():
    predictor = StubPredictor()
    release = threading.Event()

    async def ask(client):
        before = await client.get("/ready")
        predictor.predict = lambda *_, **options: (
            options["on_start"](Request()),
            release.wait(10),
            predictor.answer,
        )[-1]
        tasks = []
        for _ in range(3):  # two run, one waits
            tasks.append(asyncio.create_task(client.post("/predict", **IMAGE)))
            await asyncio.sleep(0.05)
        ready, health = await client.get("/ready"), await client.get("/health")
        refused = await client.post("/predict", **IMAGE)
        release.set()
        await asyncio.gather(*tasks)
        return before, ready, health, refused

    before, ready, health, refused = run(ask, predictor, max_waiting=1)
    assert (before.status_code, before.json()) == (200, {"status": "ready"})
    assert (ready.status_code, ready.json()) == (503, {"status": "overloaded"})
    assert health.status_code == 200
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "at most 1 images may wait" in refused.json()["error"]


def test_a_reload_takes_the_place_of_the_network_and_a_failed_one_does_not():
    loads = []

    def load():
        loads.append(None)
        if len(loads) == 1:
            raise ValueError("not an export")
        return StubPredictor(logits=(LOG_3, 0.0))

    async def ask(client):
        classes = []
        for _ in range(3):
            classes.append((await client.post("/predict", **IMAGE)).json()["class"])
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.2)
        return classes, (await client.get("/metrics")).text

    classes, metrics = run(ask, load=load)
    assert classes == [1, 1, 0]
    assert 'anytime_reloads_total{result="failed"} 1.0' in metrics
    assert 'anytime_reloads_total{result="done"} 2.0' in metrics


def test_pictures_are_scaled_to_the_values_that_the_manifest_names():
    predictor = StubPredictor()
    predictor.manifest["input"] = {"shape": [2, 2, 1], "dtype": "uint8", "largest": 16}
    file = io.BytesIO()
    Image.new("L", (2, 2), 255).save(file, "PNG")
    predict(predictor, {"Content-Type": "image/png"}, file.getvalue())
    assert predictor.calls[-1][0] == [[[16], [16]], [[16], [16]]]


def test_a_budget_for_a_network_of_unknown_costs_is_refused():
    predictor = StubPredictor()
    predictor.manifest["exits"][1]["macs"] = None
    response = predict(predictor, {"Budget-Macs": "20"})
    assert response.status_code == 400
    assert "needs a network whose costs are known" in response.json()["error"]
    assert predict(predictor).status_code == 200


def test_nobody_is_redirected():
    response = run(lambda client: client.get("/health/", headers={"Host": "evil.example"}))
    assert response.status_code == 404
    assert "location" not in response.headers


def test_a_compressed_body_is_refused():
    response = predict(headers={"Content-Encoding": "gzip"})
    assert response.status_code == 415
    assert "must not be compressed" in response.json()["error"]


def test_the_openapi_document_names_every_path_and_answers_follow_it():
    document = run(lambda client: client.get("/openapi.json"), class_names=["cat", "dog"]).json()
    served = {route.path for route in service_app.create_app(StubPredictor()).routes}
    assert set(document["paths"]) == served - {"/page"}
    answer = document["components"]["schemas"]["Answer"]
    said = predict(class_names=["cat", "dog"]).json()
    assert set(said) == set(answer["required"]) == set(answer["properties"])
    assert said["class_name"] in answer["properties"]["class_name"]["enum"]
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert list(body) == ["application/json", "application/octet-stream"]
    sizes = body["application/json"]["schema"]
    assert (sizes["maxItems"], sizes["items"]["maxItems"]) == (1, 2)


def test_a_browser_gets_the_page_and_its_files_come_from_here_alone():
    async def ask(client):
        page = await client.get("/", headers={"Accept": "text/html,*/*"})
        script = await client.get("/page/try.js")
        return page, script

    page, script = run(ask)
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert script.status_code == 200
    assert "http" not in page.text.replace("http-equiv", "")


def slow_body(seconds):
    async def chunks():
        yield b"[[1, "
        await asyncio.sleep(seconds)
        yield b"2]]"

    return chunks()


def test_the_time_a_body_takes_is_taken_off_the_deadline():
    predictor = StubPredictor()
    answer = predict(
        predictor, {"Deadline-Ms": "30000", "Budget-Macs": "3e1"}, slow_body(0.1)
    ).json()
    _, deadline, budget = predictor.calls[-1]
    assert 20 < deadline <= 29.9
    assert budget == 30
    assert answer["seconds"] >= 0.1
    assert not answer["late"]


def test_a_body_that_comes_after_the_deadline_is_answered_late():
    predictor = StubPredictor()
    response = predict(predictor, {"Deadline-Ms": "20"}, slow_body(0.05))
    assert response.status_code == 200
    assert predictor.calls[-1] == ([[1.0, 2.0]], 0.0, None)
    assert response.json()["late"] is True


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "message"),
    [
        (
            "POST",
            "/predict",
            {"Deadline-Ms": "-1"},
            400,
            "Deadline-Ms must be a number from 0 to 60000. Received: Deadline-Ms='-1'",
        ),
        ("POST", "/predict", {"Deadline-Ms": "nan"}, 400, "Deadline-Ms must be"),
        ("POST", "/predict", {"Deadline-Ms": "inf"}, 400, "Deadline-Ms must be"),
        ("POST", "/predict", {"Deadline-Ms": "soon"}, 400, "Deadline-Ms must be"),
        ("POST", "/predict", {"Budget-Macs": "-1"}, 400, "Budget-Macs must be"),
        (
            "POST",
            "/predict",
            {"Content-Type": "text/plain"},
            415,
            "Content-Type must be one of ['application/json', 'application",
        ),
        ("POST", "/predict", {"Content-Type": ""}, 415, "Received: ''"),
        (
            "POST",
            "/predict",
            {"Content-Type": "image/jpeg"},
            415,
            "pictures are for /predict and /refine of networks that take uint8",
        ),
        (
            "POST",
            "/predict",
            {"Content-Type": "application/octet-stream"},
            400,
            "must be 8 bytes: float32 of shape (1, 2)",
        ),
        ("GET", "/predict", {}, 405, "/predict takes POST. Received: GET"),
        ("GET", "/nowhere", {}, 404, "Received: /nowhere"),
    ],
)
def test_bad_requests_are_refused_with_the_reason(method, path, headers, status, message):
    predictor = StubPredictor()
    headers = {**IMAGE["headers"], **headers}
    response = run(
        lambda client: client.request(method, path, content=b"[[1, 2]", headers=headers), predictor
    )
    assert response.status_code == status
    assert message in response.json()["error"]
    assert len(predictor.calls) == 2  # the warm-up


def test_other_methods_are_told_which_one():
    assert run(lambda client: client.get("/predict")).headers["allow"] == "POST"


def test_a_body_is_read_no_further_than_the_limit():
    sent = []

    async def endless():
        while True:
            sent.append(None)
            yield b" " * 1000

    response = predict(content=endless())
    assert response.status_code == 413
    assert response.json() == {
        "error": "a body of this type must have at most 1120 bytes. Received: more"
    }
    assert len(sent) == 2


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(asking, "RECEIVE_SECONDS", 0.05)
    response = predict(content=slow_body(30))
    assert response.status_code == 408
    assert response.json() == {
        "error": "a body must come within 0.05 seconds. Received: 5 bytes of it"
    }


def test_a_client_that_leaves_is_counted_and_does_no_harm():
    async def ask(client):
        sent = []

        async def receive():
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/predict",
            "headers": [(b"content-type", b"application/json")],
        }
        await client._transport.app(scope, receive, send)
        return sent[0]["status"], (await client.get("/metrics")).text

    status, metrics = run(ask)
    assert status == 400
    assert 'anytime_requests_total{path="/predict",status="400"} 1.0' in metrics


def test_what_goes_wrong_inside_stays_inside(caplog):
    predictor = StubPredictor()

    async def ask(client):
        predictor.predict = lambda *_, **__: 1 // 0
        return await client.post("/predict", **IMAGE)

    response = run(ask, predictor)
    assert response.status_code == 500
    assert response.json() == {"error": "the engine failed; the log of the service says why"}
    assert "ZeroDivisionError" in caplog.text


def test_an_answer_that_is_not_finite_is_refused():
    response = predict(StubPredictor(logits=(np.nan, 0.0)))
    assert response.status_code == 400
    assert "not finite" in response.json()["error"]


def test_requests_run_side_by_side_and_leave_the_loop_free():
    predictor = StubPredictor()
    both_in, release = threading.Barrier(3), threading.Event()

    async def ask(client):
        answer = predictor.answer

        def wait(*_, **__):
            both_in.wait(10)
            assert release.wait(10)
            return answer

        predictor.predict = wait
        predictions = [asyncio.create_task(client.post("/predict", **IMAGE)) for _ in range(2)]
        await asyncio.to_thread(both_in.wait, 10)
        health = await client.get("/health")
        assert not any(task.done() for task in predictions)
        release.set()
        return [health, *await asyncio.gather(*predictions)]

    assert [response.status_code for response in run(ask, predictor)] == [200, 200, 200]


def test_metrics_count_requests_exits_and_late_answers():
    async def ask(client):
        await client.post("/predict", **IMAGE)
        headers = {**IMAGE["headers"], "Deadline-Ms": "0"}
        await client.post("/predict", content=IMAGE["content"], headers=headers)
        await client.post("/predict", content=b"[]", headers=IMAGE["headers"])
        await client.get("/predict")
        await client.get("/a/path/of/its/own")
        return await client.get("/metrics")

    response = run(ask)
    assert response.headers["content-type"].startswith("text/plain; version=")
    lines = response.text.splitlines()
    for line in (
        'anytime_requests_total{path="/predict",status="200"} 2.0',
        'anytime_requests_total{path="/predict",status="400"} 1.0',
        'anytime_requests_total{path="/predict",status="405"} 1.0',
        'anytime_requests_total{path="other",status="404"} 1.0',
        'anytime_answers_total{exit="exit_00"} 0.0',
        'anytime_answers_total{exit="exit_01"} 2.0',
        "anytime_late_answers_total 1.0",
        "anytime_waiting_images 0.0",
        "anytime_answer_seconds_count 2.0",
    ):
        assert line in lines


def test_the_first_page_is_the_manifests_summary():
    summary = run(lambda client: client.get("/")).json()
    assert summary["model"] == "stub"
    assert summary["engine"] == "stub"
    assert summary["input"] == {"shape": [1, 2], "dtype": "float32"}
    assert summary["accepts"] == ["application/json", "application/octet-stream"]
    assert summary["exits"] == [
        {"name": "exit_00", "macs": 10, "seconds": 0.5e-3},
        {"name": "exit_01", "macs": 30, "seconds": 1e-3},
    ]
