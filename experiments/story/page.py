"""The demo's page: one file, by day and by night, on a phone and on a desk."""

import base64
import html
import importlib.resources
import io

import matplotlib.image
import pandas as pd

from experiments.story import words
from experiments.story.chart import Line, chart

_KINDS = {
    "early": "Right at every exit",
    "late": "Wrong at first, right at the end",
    "lost": "Right on the way, wrong at the end",
    "never": "Wrong at every exit",
}


def page(curves, static, race, answers, trained, *, name: str, made: str) -> str:
    """The whole page.

    Args:
        curves: curve of the anytime network by weighting scheme.
        static: `exit, macs, error_top1` of the static networks.
        race: as returned by `race`.
        answers: of the raced network, as returned by `answers_of`.
        trained: as returned by `ask_trained`.
        name: weighting scheme of the raced network.
        made: config, versions and hardware, as text.
    """
    pictures = len(answers.labels)
    style = importlib.resources.files(__package__).joinpath("page.css").read_text()
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>An anytime network reads digits</title><style>\n{style}</style></head><body>",
        *_opening(race, pictures),
        *_race(race, name, pictures),
        *_pictures(answers),
        *_weightings(curves, static, pictures),
        *_trained(trained),
        f"<details><summary>How this was made</summary><pre>{html.escape(made)}</pre></details>",
        "</body></html>\n",
    ]
    return "\n".join(parts)


def race_table(race) -> pd.DataFrame:
    """What was there at each deadline, as text: the anytime network, then each static one."""
    rows = []
    for asked in race.asked.itertuples():
        row = {
            "deadline (ms)": f"{asked.deadline:g}",
            "anytime error %": f"{asked.error:.1f}",
            "by exit": f"{asked.exit}",
            "after (ms)": f"{asked.milliseconds:.2f}",
        }
        for one in race.static.itertuples():
            there = one.milliseconds <= asked.deadline
            row[f"static {one.exit} error %"] = f"{one.error:.1f}" if there else "none yet"
        rows.append(row)
    return pd.DataFrame(rows)


def _opening(race, pictures):
    first, last = race.table.iloc[0], race.table.iloc[-1]
    cards = (
        (f"{len(race.table)} answers", "from one network, each better informed than the last"),
        (f"{first.milliseconds:.2f} ms", f"to the first answer: {first.error:.1f} % errors"),
        (f"{last.milliseconds:.2f} ms", f"to the last answer: {last.error:.1f} % errors"),
    )
    shown = "".join(f'<div class="card"><b>{b}</b><span>{text}</span></div>' for b, text in cards)
    return (
        "<h1>One network, an answer at any moment</h1>",
        "<p>An anytime network has a classifier of its own, an <em>exit</em>, after every few "
        "layers. It can be stopped at any time and gives the newest answer. The networks on this "
        "page were trained a moment ago, on this machine, on real handwritten digits, and tested "
        f"on {pictures} others. Times are for a sheet of {race.sheet} digits on one thread.</p>",
        f'<div class="cards">{shown}</div>',
    )


def _race(race, name, pictures):
    table, asked, static = race.table, race.asked, race.static
    lines = [
        Line("anytime network, exit by exit", [*table.milliseconds], [*table.error], 0),
        Line("the same, asked with deadlines", [*asked.milliseconds], [*asked.error], 1, False),
        Line("static networks", [*static.milliseconds], [*static.error], 3, False),
    ]
    figure = chart(lines, xlabel="milliseconds", title="Error against time")
    return (
        "<h2>The race: an answer by the deadline</h2>",
        "<p>Each sheet of digits comes with a deadline. A static network is the same layers with "
        "one exit, trained for that exit alone: it has an answer when it is done, and none "
        "before. In the table, <em>static 3</em> ends where exit 3 of the anytime network is.</p>",
        f'<div class="two">{figure}<div>{_table(race_table(race))}</div></div>',
        _said(words.of_race(race, name, pictures)),
        "<p>If you know the deadline before you train, and it never changes, train the static "
        "network that just fits. If it changes, or is not known, the anytime network is one "
        "network for all of them.</p>",
    )


def _pictures(answers):
    rows = []
    for kind, found in answers.shown().items():
        if len(found):
            rows.append(f"<h3>{_KINDS[kind]}</h3>")
        rows += [_picture(answers, index) for index in found]
    return (
        "<h2>Exit by exit</h2>",
        f"<p>{words.of_pictures(answers)} Here are some of them, with the answer of each exit from "
        "the first to the last and its confidence in percent. Wrong answers are struck out.</p>",
        f'<div class="pictures">{"".join(rows)}</div>',
    )


def _picture(answers, index):
    image, label = answers.images[index][..., 0], answers.labels[index]
    exits = zip(answers.classes[index], answers.confidences[index], strict=True)
    cells = "".join(
        f'<div class="exit{"" if answer == label else " wrong"}">{answer}'
        f"<small>{100 * confidence:.0f}</small></div>"
        for answer, confidence in exits
    )
    return f'<div class="picture"><img alt="a {label}" src="{_png(image)}">{cells}</div>'


def _png(image):
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, image, cmap="gray", vmin=0, vmax=16, format="png")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _weightings(curves, static, pictures):
    lines = [
        Line(name, [*(curve.macs / 1e6)], [*curve.error_top1], look)
        for look, (name, curve) in enumerate(curves.items())
    ]
    lines.append(Line("static", [*(static.macs / 1e6)], [*static.error_top1], 3, False))
    figure = chart(lines, xlabel="million multiply-adds for a digit", title="Error against cost")
    return (
        "<h2>What the weighting of the exits does</h2>",
        "<p>Training minimizes a weighted sum of the losses of all exits. The weights decide which "
        "exits are good.</p>",
        f'<div class="two">{figure}<div>{_said(words.of_weightings(curves, pictures))}'
        "<p>These are digits, one seed and a minute of training. On CIFAR and ILSVRC the tasks are "
        "harder; what is measured there is in <code>experiments/results/report.html</code>.</p>"
        "</div></div>",
        f"<details><summary>All numbers</summary>{_table(errors_table(curves))}</details>",
    )


def _trained(trained):
    table, asked = trained.table, trained.asked
    lines = [
        Line("exit by exit", [*table.milliseconds], [*table.error], 0),
        Line("asked with deadlines", [*asked.milliseconds], [*asked.error], 1, False),
    ]
    figure = chart(lines, xlabel="milliseconds for a picture", title="Error against time")
    rows = pd.DataFrame(
        {
            "deadline (ms)": asked.deadline.map("{:g}".format),
            "by exit": asked.exit,
            "error %": asked.error.map("{:.1f}".format),
            "after (ms)": asked.milliseconds.map("{:.2f}".format),
        }
    )
    return (
        "<h2>A harder task: a network that comes trained</h2>",
        f"<p>{html.escape(words.of_trained(trained))}</p>",
        f'<div class="two">{figure}<div>{_table(rows)}</div></div>',
        "<p>Try it on a picture of your own: <code>ann predict "
        f"--preset={html.escape(trained.name)} --deadline_ms=1 picture.png</code></p>",
    )


def errors_table(curves) -> pd.DataFrame:
    """Cost of each exit and its error under each weighting, as text."""
    some = next(iter(curves.values()))
    columns = {
        "exit": some.exit,
        "MACs": some.macs.map("{:,}".format),
        "share of cost": some.fraction.map("{:.0%}".format),
    }
    for name, curve in curves.items():
        columns[f"{name} error %"] = curve.error_top1.map("{:.2f}".format)
    return pd.DataFrame(columns)


def _said(sentences):
    return f'<ul class="said">{"".join(f"<li>{html.escape(one)}</li>" for one in sentences)}</ul>'


def _table(frame):
    return f'<div class="wide">{frame.to_html(index=False, border=0)}</div>'
