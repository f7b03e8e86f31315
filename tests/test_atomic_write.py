import pytest

from ann.atomic_write import atomic_path


def test_the_file_appears_only_when_it_is_complete(tmp_path):
    with atomic_path(tmp_path / "new" / "a.csv") as temporary:
        temporary.write_text("1")
        assert temporary.suffix == ".csv"
        assert not (tmp_path / "new" / "a.csv").exists()
    assert (tmp_path / "new" / "a.csv").read_text() == "1"


def test_after_a_failure_only_the_old_file_remains(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")

    def write():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
