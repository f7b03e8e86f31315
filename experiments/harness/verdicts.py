"""Whether a claim held: a difference, paired by setting and seed, with its confidence interval."""

import math

import numpy as np
import pandas as pd
from scipy import stats

from ann import evaluation
from experiments.harness.answers import SETTING
from experiments.harness.comparison import published_table
from experiments.harness.declaration import EXACT, Claim, Experiment, Settings
from experiments.harness.differences import by_method_and_cost, differences

HELD, NOT_HELD, UNDECIDED, TIE = "held", "did not hold", "not decided", "tie"
# The claim held, and so it did with the control in the place of what it speaks of.
WITHOUT = "held, but so did its control"
AS_CLAIMED, OTHER_WAY = "one seed: as claimed", "one seed: the other way"
UNMEASURED = "–"
DECIDED = (HELD, NOT_HELD)
MEASURED = (*DECIDED, WITHOUT, UNDECIDED, TIE, AS_CLAIMED, OTHER_WAY)
VERDICTS = (*MEASURED, UNMEASURED)
CONFIDENCE = 0.95
COLUMNS = [
    "claim",
    "where",
    "published",
    "measured",
    "low",
    "high",
    "pairs",
    "seeds",
    "settings",
    "of_settings",
    "verdict",
    "control",
    "not_counted",
]


def verdicts(experiment: Experiment, scale: str, numbers: pd.DataFrame) -> pd.DataFrame:
    """The verdict on each claim.

    A claim that one number is below or above another *held* if the whole 95 % interval of the mean
    difference is on the claimed side of 0, *did not hold* if it is on the other side, and is *not
    decided* otherwise. The interval is Student's over all pairs of a setting and a seed; where a
    cell is a share of settings won, it is Hoeffding's, as in 002. "Between" asks that the interval
    is within the bounds; "about" asks it of every setting, with the spread of all of them. One seed
    gives a direction, and no verdict; arithmetic is exact.

    Args:
        experiment: the declaration.
        scale: which of its scales.
        numbers: as returned by `cells.cells`.

    Returns:
        DataFrame `claim`, `where` (section of the paper), `published`, `measured` (mean
        difference), `low`, `high` (of the interval), `pairs`, `seeds`, `settings`, `of_settings`,
        `verdict`, `control` (mean difference with the control instead), `not_counted` (why; empty
        if it counts).
    """
    printed = by_method_and_cost(_printed(experiment).assign(seed=0))
    numbers, rows = by_method_and_cost(numbers), []
    for claim in experiment.claims:
        paper = differences(claim, printed, {}).mean()
        row = _judged(experiment, scale, claim, numbers)
        rows.append({"claim": claim.text, "where": claim.section, "published": paper, **row})
    return pd.DataFrame(rows, columns=COLUMNS)


def _printed(experiment):
    """The printed numbers; a row wins half of the settings against itself, which is not printed."""
    printed = published_table(experiment)
    if experiment.measure != "settings_won" or printed.empty:
        return printed
    itself = printed[printed.method == printed.method.iloc[0]]
    return pd.concat([printed, itself.assign(method=experiment.against, value=50.0)])


def _judged(experiment, scale, claim: Claim, numbers) -> dict:
    settings = experiment.settings[scale]
    found = differences(claim, numbers, settings.replaces)
    seeds = found.index.get_level_values("seed").nunique()
    interval = interval_of(
        found, experiment.measure, against_itself=_against_itself(experiment, claim)
    )
    verdict = judge(claim, found, interval, exact=experiment.measure in EXACT)
    control = np.nan
    if claim.control is not None and verdict in DECIDED:
        of_control = differences(claim, numbers, settings.replaces, control=True)
        control = of_control.mean()
        if verdict == HELD:
            verdict = _with_control(claim, experiment.measure, found, of_control)
    return {
        "measured": found.mean(),
        "low": interval[0],
        "high": interval[1],
        "pairs": len(found),
        "seeds": seeds,
        "settings": found.index.droplevel("seed").nunique(),
        "of_settings": _declared_settings(settings, claim),
        "verdict": verdict,
        "control": control,
        "not_counted": _why_not_counted(experiment, scale, claim),
    }


def _why_not_counted(experiment, scale, claim) -> str:
    """A stand-in says nothing of the paper's networks or data, and a short training on few images
    nothing of a printed size."""
    if experiment.settings[scale].stand_in:
        return f"stand-in: {experiment.settings[scale].stand_in}"
    if claim.bounds is not None and experiment.is_trained and scale in ("quick", "small"):
        return "a printed size, counted at the scales medium and paper"
    return ""


def interval_of(found: pd.Series, measure: str, *, against_itself=False) -> tuple[float, float]:
    """The 95 % interval of the mean difference; NaN where there are not two pairs of a kind.

    Args:
        found: differences, one per setting and seed.
        measure: what is measured.
        against_itself: of "settings_won", whether the other cell is the row that is won against,
            which is 50 % by itself.
    """
    if measure in EXACT:
        return (found.mean(), found.mean())
    if measure == "settings_won" and len(found):
        width = (1 if against_itself else 2) * 100  # the range of a difference
        half = width * math.sqrt(math.log(2 / (1 - CONFIDENCE)) / (2 * len(found)))
        return (found.mean() - half, found.mean() + half)
    if found.nunique() < 2:  # one pair, or steps of curves that are equal by chance: no spread
        return (np.nan, np.nan)
    frame = found.rename("value").reset_index().assign(all=0)
    (mean,) = evaluation.seed_means(frame, ["all"], "value", confidence=CONFIDENCE).itertuples()
    return (mean.mean - mean.half_width, mean.mean + mean.half_width)


def _against_itself(experiment, claim):
    rows = {row.method: row for row in experiment.rows}
    against = rows[claim.method].against or experiment.against
    return claim.than in (None, against)


def judge(claim: Claim, found: pd.Series, interval, *, exact=False) -> str:
    """The verdict from the differences and the interval of their mean."""
    if found.empty:
        return UNMEASURED
    if claim.direction != "about" and claim.bounds is None and (found == 0).all():
        return TIE
    if exact:
        each = [_as_claimed(claim, found.iloc[[index]]) for index in range(len(found))]
        return HELD if all(each) else NOT_HELD
    if found.index.get_level_values("seed").nunique() < 2:
        return AS_CLAIMED if _as_claimed(claim, found) else OTHER_WAY
    if claim.direction == "about":
        return _judge_about(claim, found)
    as_claimed, otherwise = _sides(claim, *interval)
    return HELD if as_claimed else NOT_HELD if otherwise else UNDECIDED


def _sides(claim, low, high) -> tuple[bool, bool]:
    """Whether an interval is wholly as claimed, and wholly otherwise."""
    if claim.direction == "below":
        return high < 0, low > 0
    if claim.direction == "above":
        return low > 0, high < 0
    return claim.bounds[0] <= low and high <= claim.bounds[1], (
        high < claim.bounds[0] or low > claim.bounds[1]
    )


def _as_claimed(claim, found):
    if claim.direction == "about":
        return bool((found.groupby(SETTING).mean().abs() < claim.within).all())
    as_claimed, _ = _sides(claim, found.mean(), found.mean())
    return as_claimed


def _judge_about(claim, found):
    """Each setting's interval, from the spread of the seeds in all settings together."""
    of_setting = found.groupby(SETTING)
    means, counts = of_setting.mean(), of_setting.count()
    freedom = len(found) - len(means)
    if not freedom:  # no setting has two seeds
        return UNDECIDED
    pooled = math.sqrt(((found - of_setting.transform("mean")) ** 2).sum() / freedom)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * pooled / np.sqrt(counts)
    if ((means.abs() + half) < claim.within).all():
        return HELD
    return NOT_HELD if ((means.abs() - half) > claim.within).any() else UNDECIDED


def _with_control(claim, measure, found, of_control):
    """A claim that held is due to what it speaks of only if that is better than the control."""
    gain = (found - of_control).dropna()
    as_claimed, _ = _sides(claim, *interval_of(gain, measure))
    return HELD if as_claimed else WITHOUT


def _declared_settings(settings: Settings, claim: Claim) -> int:
    """How many settings the claim speaks of."""
    if claim.than_where is not None:
        return 1
    count = settings.count
    if "dataset" in claim.where:
        count //= len(settings.datasets)
    if "networks" in claim.where:
        count //= len(settings.networks)
    return count


def evidence(experiment: Experiment, runs) -> list[tuple]:
    """What the verdict on each claim is made of: equal for claims that different tables make of the
    same runs.

    Args:
        experiment: the declaration.
        runs: the plan of the experiment.
    """
    names = {}
    for run in runs:
        names.setdefault(run.method, set()).add((run.name, run.exit))
    names = {method: frozenset(of_method) for method, of_method in names.items()}
    return [_evidence(experiment, claim, names) for claim in experiment.claims]


def _evidence(experiment, claim: Claim, names) -> tuple:
    rows = {row.method: row for row in experiment.rows}
    cells = []
    for method, cost in ((claim.method, claim.cost), (claim.than, claim.than_cost or claim.cost)):
        if method is None:
            continue
        row = rows[method]
        against = row.against or experiment.against
        kind = (row.join, row.selection, row.workers, row.rule or experiment.rule)
        cells.append((names.get(method), kind, cost, names.get(against)))
    how = (experiment.measure, experiment.of_network, experiment.against_cost, claim.direction)
    where = (tuple(claim.where.items()), tuple((claim.than_where or {}).items()))
    return (*cells, *how, claim.within, claim.bounds, where)
