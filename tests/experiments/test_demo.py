"""The demo as a newcomer types it, and what its page says."""

import pathlib
import subprocess
import sys
import types
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from experiments import demo
from experiments.story import words
from experiments.story.page import race_table
from experiments.story.pictures import Answers
from experiments.story.race import Race
from experiments.story.trained import Trained

ROOT = pathlib.Path(__file__).parent.parent.parent


def test_the_demo_writes_its_page_and_replaces_an_earlier_one(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "old").write_text("")
    (tmp_path / "demo" / "summary.csv").write_text("")
    arguments = [f"--run_dir={tmp_path / 'demo'}", "--epochs=1", "--model=resann-n1-c4"]
    run = subprocess.run(
        [sys.executable, "-m", "experiments.demo", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    folder = tmp_path / "demo"
    summary = pd.read_csv(folder / "summary.csv")
    assert summary.groupby("weighting").size().to_dict() == {
        "adaloss": 3,
        "const": 3,
        "half_end": 3,
    }
    assert not (folder / "old").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    asked = pd.read_csv(folder / "race.csv")
    assert asked.deadline.is_monotonic_increasing
    assert asked.exit.between(0, 2).all()
    page = (folder / "demo.html").read_text()
    HTMLParser().feed(page)
    assert "prefers-color-scheme: dark" in page
    assert "http" not in page.split("<h1>")[1].split("<details>")[0]  # nothing from elsewhere
    assert page.count('class="picture"') >= 2
    assert "resann-n9-c16-cifar10 comes with the package" in page
    assert "share of cost" in run.stdout
    assert str(folder / "demo.html") in run.stdout


def test_a_folder_of_something_else_is_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "thesis.txt").write_text("years of work")
    monkeypatch.setattr(demo.flags, "FLAGS", types.SimpleNamespace(run_dir=str(tmp_path)))
    with pytest.raises(ValueError, match="new, empty or an earlier demo. Received: run_dir="):
        demo.main([])
    assert (tmp_path / "thesis.txt").exists()


def curve(*wrong):
    return pd.DataFrame({"error_top1": 100 * np.array(wrong) / 360})


def test_words_on_weightings_follow_the_numbers():
    easy = words.of_weightings({"const": curve(8, 2, 2), "late": curve(150, 3, 2)}, 360)
    assert "late makes 150 mistakes and const 8: more" in easy[0]
    assert "At the last exit, late makes 2 and const 2: as many" in easy[0]
    assert "buys nothing at the end, and it costs at the start: late" in easy[1]
    assert "By exit 0, const is as good as at its last exit" in easy[1]  # 8 and 2 of 360: chance
    hard = words.of_weightings({"const": curve(90, 80), "late": curve(120, 40)}, 360)
    assert hard[1] == "Here weight at the end pays at the end: late."
    same = words.of_weightings({"const": curve(90, 80), "late": curve(91, 80)}, 360)
    assert "makes no difference that can be seen here" in same[1]


def race_of(static_ms, load=0.5):
    table = pd.DataFrame({"exit": [0, 1], "milliseconds": [1.0, 2.0], "error": [10.0, 2.0]})
    asked = pd.DataFrame(
        {
            "deadline": [1.5, 3.0],
            "exit": [0, 1],
            "milliseconds": [1.0, 2.0],
            "slowest": [1.4, 3.5],
            "error": [10.0, 2.0],
        }
    )
    static = pd.DataFrame({"exit": [1], "milliseconds": [static_ms], "error": [2.0]})
    return Race(60, table, asked, static, load)


def test_words_on_the_race_follow_the_numbers():
    anytime, static = words.of_race(race_of(2.5), "const", 360)
    assert "with exit 0 and 10.0 % errors at 1.5 ms, with exit 1 and 2.0 % at 3 ms" in anytime
    assert "at most 0.50 ms late" in anytime
    assert "no answer at 1 of 2 deadlines" in static
    assert "At the other 1, the anytime network is better at 0, worse at 0" in static
    assert race_table(race_of(2.5))["static 1 error %"].tolist() == ["none yet", "2.0"]
    _, fast = words.of_race(race_of(0.5), "const", 360)
    assert "no answer at 0 of 2 deadlines" in fast
    assert "busy" not in anytime
    assert "5.0 programs ran on each core" in words.of_race(race_of(2.5, 5.0), "const", 360)[0]
    assert "worse at 1, and within chance at 1" in fast  # 36 mistakes of 360 against 7


def test_words_on_the_trained_network_follow_its_card_and_its_table():
    card = {"data": "Ten classes.", "hours": "1.50", "hardware": "a computer. Backend: none."}
    table = pd.DataFrame({"milliseconds": [0.15, 2.721], "error": [58.24, 10.26]})
    said = words.of_trained(Trained("tiny", card, table, asked=None))
    assert "Its data: Ten classes. Training took 1.50 hours (a computer. Backend: none)." in said
    assert "takes 0.15 ms and is wrong for 58.2 % of the pictures" in said
    assert said.endswith("the last takes 2.72 ms and is wrong for 10.3 %.")


def test_pictures_are_sorted_by_when_they_are_right():
    classes = np.array([[1, 1], [0, 1], [1, 0], [0, 0]])
    answers = Answers(np.zeros((4, 8, 8, 1)), np.ones(4, int), classes, np.ones((4, 2)))
    assert {kind: found.tolist() for kind, found in answers.kinds().items()} == {
        "early": [0],
        "late": [1],
        "lost": [2],
        "never": [3],
    }
    assert "1 are wrong at every exit" in words.of_pictures(answers)
