"""The service, asked without a socket, around a predictor that does as it is told."""

import asyncio
import threading

import httpx
import numpy as np
import pytest

from ann.runtime import Answer, http_app

LOG_3 = 1.0986123
IMAGE = {"content": b"[[1, 2]]", "headers": {"Content-Type": "application/json"}}


class StubPredictor:
    """Answers at exit 1 with probabilities 1/4 and 3/4."""

    exit_names, input_shape, engine = ("exit_00", "exit_01"), (1, 2), "stub"
    latency = np.array([0.5, 1.0])

    def __init__(self, logits=(0.0, LOG_3), late=False):
        self.manifest = {
            "model": "stub",
            "input": {"shape": [1, 2], "dtype": "float32"},
            "num_classes": 2,
            "versions": {},
            "exits": [{"name": "exit_00", "macs": 10}, {"name": "exit_01", "macs": 30}],
        }
        self.answer = Answer(1, np.array(logits, np.float32), 0.0, 30, late)
        self.calls = []

    def predict(self, image, deadline=None, *, budget_macs=None):
        self.calls.append((np.asarray(image).tolist(), deadline, budget_macs))
        return self.answer


def run(ask, predictor=None, **options):
    """What `await ask(client)` gives, with the service running."""

    async def session():
        app = http_app.create_app(predictor or StubPredictor(), workers=2, **options)
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


def slow_body(seconds):
    async def chunks():
        yield b"[[1, "
        await asyncio.sleep(seconds)
        yield b"2]]"

    return chunks()


def test_the_time_a_body_takes_is_taken_off_the_deadline():
    predictor = StubPredictor()
    answer = predict(
        predictor, {"Deadline-Ms": "30000", "Budget-Macs": "1e1"}, slow_body(0.1)
    ).json()
    _, deadline, budget = predictor.calls[-1]
    assert 20 < deadline <= 29.9
    assert budget == 10
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
            "takes pictures if it holds its preprocessing",
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

    response = predict(content=endless(), max_bytes=2500)
    assert response.status_code == 413
    assert response.json() == {"error": "a body must have at most 2500 bytes. Received: more"}
    assert len(sent) == 3


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(http_app, "_RECEIVE_SECONDS", 0.05)
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
        await client.post("/predict", **IMAGE)
        await client.post("/predict", content=b"[]", headers=IMAGE["headers"])
        await client.get("/predict")
        await client.get("/a/path/of/its/own")
        return await client.get("/metrics")

    response = run(ask, StubPredictor(late=True))
    assert response.headers["content-type"].startswith("text/plain; version=")
    lines = response.text.splitlines()
    for line in (
        'anytime_requests_total{path="/predict",status="200"} 2.0',
        'anytime_requests_total{path="/predict",status="400"} 1.0',
        'anytime_requests_total{path="/predict",status="405"} 1.0',
        'anytime_requests_total{path="other",status="404"} 1.0',
        'anytime_answers_total{exit="exit_00"} 0.0',
        'anytime_answers_total{exit="exit_01"} 2.0',
        "anytime_late_answers_total 2.0",
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
        {"name": "exit_00", "macs": 10, "seconds": 0.5},
        {"name": "exit_01", "macs": 30, "seconds": 1.0},
    ]
