"""What the panels of 001 Fig. 5 share: a small network with AdaLoss against a large one with CONST."""

from experiments.harness.declaration import END, MILESTONES, Claim, Row

_ROWS = (
    Row("AdaLoss, small", {"weighting": "adaloss"}),
    Row("CONST, large", {"weighting": "const"}, network=-1),
)
_CLAIMS = (
    Claim(
        "both end with the same error, within 5 %", "CONST, large", "about", cost=END, within=5.0
    ),
    Claim(
        "at half of its cost the small network errs less",
        "CONST, large",
        "above",
        than="AdaLoss, small",
        cost=0.5,
    ),
    Claim(
        "at 3/4 of its cost the small network errs less",
        "CONST, large",
        "above",
        than="AdaLoss, small",
        cost=0.75,
    ),
    Claim(
        "at all of its cost the small network errs less",
        "CONST, large",
        "above",
        than="AdaLoss, small",
    ),
)
PANEL = {
    "rows": _ROWS,
    "measure": "relative_increase",
    "against": "AdaLoss, small",
    "against_cost": END,
    "rule": "latest",
    "of_network": 0,
    "costs": (*MILESTONES, END),
    "figures": ("pivoted",),
    "claims": _CLAIMS,
}
