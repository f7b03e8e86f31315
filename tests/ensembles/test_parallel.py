import numpy as np
import pytest

from ann import ensembles, models


def test_two_workers_give_the_answers_of_the_sequence(tmp_path):
    members = [models.build(f"resann-n{n}-c2", input_shape=(8, 8, 3)) for n in (1, 2)]
    paths = [tmp_path / f"{index}.keras" for index in range(2)]
    for member, path in zip(members, paths, strict=True):
        member.save(path)
    selection = ensembles.select_by_depth(members)
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 3)).astype("float32")
    with ensembles.ParallelEANN(paths, selection, workers=2, batch_size=4) as eann:
        # Stop after the first answer. No answer to this request may appear later.
        next(iter(eann.refine(-x)))
        answers = list(eann.refine(x))
        for worker in eann._workers:
            worker.terminate()
        with pytest.raises(RuntimeError, match="a worker ended"):
            list(eann.refine(x))
    places = [(answer.member, answer.exit) for answer in answers]
    assert places == sorted(places)
    assert places[-1] == (1, 5)
    for answer in answers:
        assert selection[answer.member][answer.exit]
        np.testing.assert_allclose(answer.logits, members[answer.member](x)[answer.exit], atol=1e-5)
    np.testing.assert_allclose(answers[-1].logits, ensembles.EANN(members)(x)[-1], atol=1e-5)
    assert [answer.seconds for answer in answers] == sorted(answer.seconds for answer in answers)


def test_the_error_names_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="Received: paths=.*none.keras"):
        ensembles.ParallelEANN([tmp_path / "none.keras"], [[True]])
