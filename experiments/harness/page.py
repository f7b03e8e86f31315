"""The report as Markdown and as a page: an overview, then each table beside the paper's, its claims, its figures."""

import html

import pandas as pd

from experiments.harness import verdicts
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.sections import DASH, claims_as_text, table_as_text, verdict_counts

TITLE = "Tables and figures of the papers"
INTRODUCTION = (
    "Published numbers beside ours, and whether each claim held. A claim held if every seed shows it, and did not hold if none "
    "does; what a single seed shows may be chance. The numbers of a claim are the difference it speaks of, in the unit of its "
    "table. A dash is what is not printed or not measured. Ours are means, with the standard deviation over seeds where there "
    "are several."
)


def overview(sections) -> pd.DataFrame:
    """Verdicts of each experiment, counted, a column a scale."""
    rows = {}
    for one in sections:
        row = rows.setdefault(
            one.name, {"experiment": one.name, "source": EXPERIMENTS[one.name].source}
        )
        row[one.scale] = verdict_counts(one)
    return pd.DataFrame(list(rows.values()))


def _by_experiment(sections):
    """The measured sections of each experiment; the last one, with the published numbers, if none is."""
    for name, experiment in EXPERIMENTS.items():
        of_name = [one for one in sections if one.name == name]
        yield name, experiment, [one for one in of_name if one.measured] or of_name[-1:]


def as_markdown(sections) -> str:
    """The whole report."""
    parts = [f"# {TITLE}", INTRODUCTION, _markdown_table(overview(sections))]
    for name, experiment, shown in _by_experiment(sections):
        parts += [f"## {name}: {experiment.source}", f"{experiment.title}."]
        for one in shown:
            parts += [f"**{one.scale}**: {one.made_of}."]
            parts += [_markdown_table(table) for table in (table_as_text(one), claims_as_text(one))]
            parts += [f"![{path.stem}]({path.parent.name}/{path.name})" for path in one.figures]
    return "\n\n".join(parts) + "\n"


def _markdown_table(frame) -> str:
    rows = [list(frame.columns), ["---"] * frame.shape[1], *frame.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
table {{ border-collapse: collapse; margin: .8rem 0; font-size: 13px }}
th, td {{ padding: .15rem .55rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }}
td:first-child, th:first-child {{ text-align: left; white-space: normal }}
th {{ border-bottom: 2px solid #888 }}
.wide {{ overflow-x: auto }}
.held, .not, .open {{ font-weight: 600 }}
.held {{ color: #1a7f37 }} .not {{ color: #b42318 }} .open {{ color: #9a6700 }}
.made {{ color: #555; font-size: 13px }}
img {{ max-width: 100%; width: 40rem }}
</style></head><body>
<h1>{title}</h1>
<p>{introduction}</p>
{overview}
{body}
</body></html>
"""


def as_page(sections) -> str:
    """The whole report as HTML; its pictures lie beside it."""
    links = overview(sections)
    links["experiment"] = [f'<a href="#{name}">{name}</a>' for name in links.experiment]
    body = []
    for name, experiment, shown in _by_experiment(sections):
        body.append(
            f'<h2 id="{name}">{name}: {html.escape(experiment.source)}</h2><p>{html.escape(experiment.title)}.</p>'
        )
        for one in shown:
            claims = claims_as_text(one)
            claims = claims.assign(
                claim=claims.claim.map(html.escape), verdict=claims.verdict.map(_colored)
            )
            body.append(f'<h3>{one.scale}</h3><p class="made">{html.escape(one.made_of)}.</p>')
            body.append(
                f'<div class="wide">{_html_table(table_as_text(one))}</div>{_html_table(claims, escape=False)}'
            )
            body += [
                f'<p><img alt="{path.stem}" src="{path.parent.name}/{path.name}"></p>'
                for path in one.figures
            ]
    return _PAGE.format(
        title=TITLE,
        introduction=html.escape(INTRODUCTION),
        overview=_html_table(links, escape=False),
        body="\n".join(body),
    )


def _html_table(frame, escape=True):
    return frame.to_html(index=False, border=0, escape=escape, na_rep=DASH)


def _colored(verdict):
    styles = {
        verdicts.HELD: "held",
        verdicts.NOT_HELD: "not",
        verdicts.UNDECIDED: "open",
        verdicts.TIE: "open",
    }
    style = styles.get(verdict.removesuffix(verdicts.ONE_SEED), "")
    return f'<span class="{style}">{verdict}</span>'
