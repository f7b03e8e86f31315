import numpy as np
import pytest

from ann.training import DamagedStateError, state_file

ARRAYS = [
    ("kernel", np.arange(6, dtype="float32").reshape(2, 3)),
    ("count", np.array(7, "int32")),
    ("empty", np.zeros((0, 3), "float16")),
]


def test_facts_and_arrays_come_back(tmp_path):
    path = tmp_path / "a.state"
    state_file.write(path, {"epoch": 3, "best": 0.1}, ARRAYS)
    facts, arrays = state_file.read(path)
    assert facts == {"epoch": 3, "best": 0.1}
    assert [name for name, _ in arrays] == ["kernel", "count", "empty"]
    for (_, mine), (_, theirs) in zip(arrays, ARRAYS, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


def test_bfloat16_comes_back(tmp_path):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    values = np.array([1.5, -2.0], ml_dtypes.bfloat16)
    state_file.write(tmp_path / "a.state", {}, [("w", values)])
    ((_, again),) = state_file.read(tmp_path / "a.state")[1]
    assert again.dtype == values.dtype
    assert again.tolist() == [1.5, -2.0]


def test_every_flipped_bit_and_every_cut_is_found(tmp_path):
    path = tmp_path / "a.state"
    state_file.write(path, {"epoch": 3}, ARRAYS)
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        for content in (bytes(damaged), whole[:position]):
            path.write_bytes(content)
            with pytest.raises(DamagedStateError, match="checksum"):
                state_file.read(path)
