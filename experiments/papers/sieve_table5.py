"""002 Table 5: in how many settings each sampler beats the plain ANN."""

from experiments.harness.declaration import AE, Claim, Experiment
from experiments.papers._samplers import AANN, ANN, AVGL, EXP3, MILESTONE, RWM, WON_AGAINST_ANN

NAMES = {0.25: "at 1/4", 0.5: "at half", 0.75: "at 3/4", 1.0: "at the end", AE: "on average"}


def _claim(method, does, direction, cost):
    text = f"{method} {does} {NAMES[cost]}"
    return Claim(text, method, direction, than="ANN", cost=cost, section="D.5")


EXPERIMENT = Experiment(
    source="002 Table 5",
    title="Settings (%) in which each sampler has a lower error than the plain ANN",
    rows=(ANN, EXP3, MILESTONE, RWM, AVGL, AANN),
    **WON_AGAINST_ANN,
    published="002_table5",
    claims=(
        *(_claim("RWM", "degrades the performance", "below", cost) for cost in NAMES),
        *(_claim("EXP3", "degrades the performance", "below", cost) for cost in (0.25, 0.5, 1.0)),
        _claim("EXP3", "improves it only", "above", 0.75),
        *(_claim("AVGL", "improves the performance", "above", cost) for cost in (0.5, 0.75, AE)),
        _claim("AVGL", "pays", "below", 1.0),
        *(
            _claim("AANN", "improves the performance", "above", cost)
            for cost in (0.25, 0.5, 0.75, AE)
        ),
    ),
)
