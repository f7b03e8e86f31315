"""What the numbers say, in words made from the numbers."""

import numpy as np
import pandas as pd
from scipy import stats


def differ(wrong: int, other: int, pictures: int) -> bool:
    """Whether two numbers of mistakes differ by more than chance (Fisher's exact test, 5 %)."""
    table = [[wrong, pictures - wrong], [other, pictures - other]]
    return bool(stats.fisher_exact(table).pvalue < 0.05)


def mistakes(curve: pd.DataFrame, pictures: int) -> np.ndarray:
    """Number of wrong answers of each exit."""
    return (curve.error_top1 * pictures / 100).round().to_numpy().astype(int)


def of_weightings(curves: dict[str, pd.DataFrame], pictures: int) -> list[str]:
    """What the weightings do to the first and the last exit, and what follows."""
    counts = {name: mistakes(curve, pictures) for name, curve in curves.items()}
    const = counts["const"]
    sentences, better_at_end, worse_at_start = [], [], []
    for name, own in counts.items():
        if name == "const":
            continue
        first, last = (_compared(own[at], const[at], pictures) for at in (0, -1))
        sentences.append(
            f"At the first exit, {name} makes {own[0]} mistakes and const {const[0]}: {first}. "
            f"At the last exit, {name} makes {own[-1]} and const {const[-1]}: {last}."
        )
        better_at_end += [name] if last == "fewer" else []
        worse_at_start += [name] if first == "more" else []
    return [*sentences, _conclusion(better_at_end, worse_at_start, const, pictures)]


def of_race(race, name: str, pictures: int) -> list[str]:
    """What the anytime network gives at the deadlines, and what the static ones give."""
    first, last = race.asked.iloc[0], race.asked.iloc[-1]
    behind = (race.asked.slowest - race.asked.deadline).max()
    answered = (
        f"The anytime network ({name}) answered at every deadline: with exit {first.exit:.0f} and "
        f"{first.error:.1f} % errors at {first.deadline:g} ms, with exit {last.exit:.0f} and "
        f"{last.error:.1f} % at {last.deadline:g} ms. "
        + (
            f"At each deadline 95 % of the answers were at most {behind:.2f} ms late."
            if behind > 0
            else "At each deadline 95 % of the answers were in time."
        )
    )
    if race.load > 1.2:
        answered += (
            f" The machine was busy: {race.load:.1f} programs ran on each core during the race, "
            "so waiting for a turn is part of every time on this page."
        )
    return [answered, *(_of_static(one, race, pictures) for one in race.static.itertuples())]


def of_pictures(answers) -> str:
    """How many pictures are right early, late, or never."""
    kinds = {kind: len(found) for kind, found in answers.kinds().items()}
    return (
        f"Of {len(answers.labels)} test pictures, {kinds['early']} are right at every exit. "
        f"{kinds['late']} are right at the last exit and wrong at one before. "
        f"{kinds['lost']} are wrong at the last exit and right at one before. "
        f"{kinds['never']} are wrong at every exit."
    )


def of_trained(trained) -> str:
    """What a preset is, and what more time buys."""
    first, last = trained.table.iloc[0], trained.table.iloc[-1]
    hardware = trained.card["hardware"].rstrip(".")
    return (
        f"{trained.name} comes with the package. Its data: {trained.card['data']} Training took "
        f"{trained.card['hours']} hours ({hardware}). The errors are those of its model card, on "
        "the test images of that data set. The times were measured here, for one picture on one "
        f"thread. The first answer takes {first.milliseconds:.2f} ms and is wrong for "
        f"{first.error:.1f} % of the pictures; the last takes {last.milliseconds:.2f} ms and is "
        f"wrong for {last.error:.1f} %."
    )


def _compared(own, const, pictures):
    if not differ(own, const, pictures):
        return "as many" if own == const else "within chance"
    return "more" if own > const else "fewer"


def _conclusion(better_at_end, worse_at_start, const, pictures):
    if better_at_end:
        return f"Here weight at the end pays at the end: {', '.join(better_at_end)}."
    saturated = next(at for at, own in enumerate(const) if not differ(own, const[-1], pictures))
    early = (
        f"By exit {saturated}, const is as good as at its last exit, as far as {pictures} pictures "
        "can tell: the digits are too easy for more layers to help."
    )
    if worse_at_start:
        return (
            "So here weight at the end buys nothing at the end, and it costs at the start: "
            f"{', '.join(worse_at_start)}. {early} For a task this easy, choose const."
        )
    return f"So the weighting makes no difference that can be seen here. {early}"


def _of_static(one, race, pictures):
    """One static network against the anytime network."""
    in_time = race.asked[race.asked.deadline >= one.milliseconds]
    wrong = round(one.error * pictures / 100)
    others = [round(error * pictures / 100) for error in in_time.error]
    apart = [other - wrong for other in others if differ(other, wrong, pictures)]
    return (
        f"The static network that ends at exit {one.exit} takes {one.milliseconds:.2f} ms and "
        f"makes {one.error:.1f} % errors. It has no answer at {len(race.asked) - len(in_time)} of "
        f"{len(race.asked)} deadlines. At the other {len(others)}, the anytime network is better "
        f"at {sum(each < 0 for each in apart)}, worse at {sum(each > 0 for each in apart)}, and "
        f"within chance at {len(others) - len(apart)}."
    )
