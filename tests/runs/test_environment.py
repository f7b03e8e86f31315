"""What a result was made with."""

import subprocess

import ann
from ann.runs.environment import environment


def test_the_commit_is_that_of_the_library_and_of_no_other_project(tmp_path, monkeypatch):
    installed = tmp_path / "venv" / "ann" / "__init__.py"
    installed.parent.mkdir(parents=True)
    installed.write_text("")
    git = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "Another project"], check=True)
    monkeypatch.setattr(ann, "__file__", str(installed))
    assert environment()["commit"] is None
    (installed.parents[1] / "COMMIT").write_text("0123\n")
    assert environment()["commit"] == "0123"
    subprocess.run([*git, "add", installed], check=True)
    assert environment()["commit"].endswith("+changes")
