"""Whatever is given, it is taken or refused with the promised error, never with another one."""

import contextlib
import dataclasses
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ann import export, losses, models, runtime
from ann.runs.config import OWNERS, RunConfig
from ann.runtime.service.bodies import BodyError, batch_formats, formats
from experiments.harness.declaration import Claim, Experiment, Row, Settings

NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 2, 0.5, -0.5, 1e308, 2**70, 10**400]),
    st.floats(),
    st.integers(-3, 300),
)
ANYTHING = st.one_of(
    NUMBERS,
    st.none(),
    st.booleans(),
    st.text(max_size=5),
    st.tuples(NUMBERS),
    st.tuples(NUMBERS, NUMBERS),
    st.lists(NUMBERS, max_size=2),
    st.dictionaries(st.text(max_size=3), NUMBERS, max_size=1),
)
NAMES = st.sampled_from([*losses.schemes(), *losses.samplers(), "resann-n1-c4", "cosine", "adamw"])
BOUNDED = settings(max_examples=150, deadline=None)


@contextlib.contextmanager
def taken_or_refused(promised=ValueError):
    """Passes what is taken, and what is refused with the promised error in its usual form."""
    try:
        yield
    except promised as error:
        if "Received: " not in str(error):
            raise AssertionError(f"the error does not say what it received: {error}") from error


@BOUNDED
@given(st.dictionaries(st.sampled_from(sorted(OWNERS)), ANYTHING | NAMES, max_size=3))
def test_fields_make_a_config_or_a_value_error(fields):
    with taken_or_refused():
        config = RunConfig.from_fields(fields)
        written = json.dumps(config.to_dict())
        assert json.dumps(RunConfig.from_dict(json.loads(written)).to_dict()) == written


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "model", "epochs", "training", "s"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@BOUNDED
@given(JSON)
def test_a_config_file_is_read_or_refused(values):
    with taken_or_refused():
        RunConfig.from_dict(values)


@pytest.mark.parametrize("name", [*losses.schemes(), *losses.samplers()])
def test_schemes_and_samplers_take_their_arguments_or_refuse_them(name):
    cls = (losses.schemes() | losses.samplers())[name]
    found = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    arguments = [one.name for one in found if one.init]

    @settings(max_examples=30, deadline=None)
    @given(st.dictionaries(st.sampled_from(arguments or ["none"]), ANYTHING), ANYTHING)
    def check(values, num_exits):
        with taken_or_refused():
            made = cls(**{key: value for key, value in values.items() if key in arguments})
            if isinstance(made, losses.StaticScheme):
                many = isinstance(num_exits, int) and num_exits > 50
                weights = made.weights(50 if many else num_exits)
                assert np.isfinite(weights).all()
                assert (weights >= 0).all()

    check()


@settings(max_examples=40, deadline=None)
@given(
    st.text(max_size=8) | st.sampled_from(["resann-n0-c4", "resann-n1-c4", "vitann-x"]),
    st.sampled_from(["n", "c", "s", "num_classes", "preset", "depth", "first_exit", "drop_path"]),
    st.sampled_from([0, -1, "x", 0.5, (), [1], float("nan")]),
)
def test_a_network_is_built_or_refused(name, argument, value):
    with taken_or_refused():
        models.build(name, **{argument: value})


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    path = tmp_path_factory.mktemp("refusals") / "export"
    export.export(models.build("resann-n1-c4", input_shape=(8, 8, 1)), path, "onnx")
    with runtime.AnytimePredictor(path, threads=1) as predictor:
        yield predictor


IMAGES = st.one_of(
    ANYTHING,
    st.builds(
        lambda shape, dtype, value: np.full(shape, value).astype(dtype),
        st.sampled_from([(8, 8, 1), (2, 8, 8, 1), (0, 8, 8, 1), (8, 8), (), (1, 1, 8, 8, 1)]),
        st.sampled_from(["float32", "float64", "float16", "uint8", "int64", "bool", "complex64"]),
        st.sampled_from([0, 1, 255]),
    ),
    st.just(np.full((8, 8, 1), np.nan, "float32")),
    st.just(np.array([["a"]])),
    st.just(np.array([None])),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(IMAGES, st.none() | ANYTHING, st.none() | ANYTHING)
def test_the_predictor_answers_or_refuses(predictor, images, deadline, budget):
    with taken_or_refused():
        answer = predictor.predict(images, deadline, budget_macs=budget)
        assert np.isfinite(answer.logits).all()


BODIES = st.one_of(
    st.binary(max_size=40),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF....WEBP"]).flatmap(
        lambda head: st.binary(max_size=40).map(lambda rest: head + rest)
    ),
)


@BOUNDED
@given(BODIES, st.sampled_from(["uint8", "float32", "int32"]), st.booleans())
def test_a_body_is_an_image_or_refused(body, dtype, batch):
    shape = (2, 2, 3)
    made = batch_formats(shape, dtype, 4) if batch else formats(shape, dtype, 255)
    for one in made.values():
        one.is_heavy(body)
        with taken_or_refused(BodyError):
            image = one.decode(body)
            assert image.shape[-3:] == shape
            assert image.dtype == dtype


WORDS = st.sampled_from(
    ["a", "b", "below", "about", "between", "eann", "depth", "latest", "error_top1"]
)


def some(**fields):
    """Some of these fields, each with a value of its type."""
    return st.fixed_dictionaries({}, optional=fields)


@BOUNDED
@given(
    some(join=st.none() | WORDS, selection=WORDS, workers=st.integers(0, 2), rule=WORDS),
    some(
        direction=WORDS,
        than=st.none() | WORDS,
        within=st.floats(-1, 1),
        bounds=st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1)),
        control=st.none() | WORDS,
    ),
    some(
        measure=WORDS,
        against=st.none() | WORDS,
        rule=WORDS,
        of_network=st.none() | st.integers(0, 1),
        figures=st.lists(WORDS, max_size=2).map(tuple),
    ),
)
def test_a_declaration_is_one_or_refused(row, claim, experiment):
    with taken_or_refused():
        rows = (Row("a", **row), Row("b"))
        claims = (Claim("a claim", "a", **{"direction": "below", **claim}),)
        scales = {"quick": Settings(networks=("resann-n1-c4",))}
        Experiment("ours", "a table", rows, scales, claims=claims, **experiment)
