"""What the panels of 001 Fig. 5 share: a small network with AdaLoss against a large one with CONST,
and, as a control, the small one with CONST."""

from experiments.harness.declaration import END, MILESTONES, Claim, Row

SMALL, LARGE, CONTROL = "AdaLoss, small", "CONST, large", "CONST, small"
ROWS = (
    Row(SMALL, {"weighting": "adaloss"}),
    Row(LARGE, {"weighting": "const"}, network=-1),
    Row(CONTROL, {"weighting": "const"}),
)
SAME_END = Claim(
    "both end with the same error, within 5 %", LARGE, "about", cost=END, within=5.0, section="5.2"
)
FASTER = tuple(
    Claim(
        f"at {name} of its cost the small network has the lower error",
        LARGE,
        "above",
        than=SMALL,
        cost=cost,
        control=CONTROL,
        section="5.2",
    )
    for cost, name in zip(MILESTONES, ("1/4", "half", "3/4", "all"), strict=True)
)
PANEL = {
    "rows": ROWS,
    "measure": "relative_increase",
    "against": SMALL,
    "against_cost": END,
    "rule": "latest",
    "of_network": 0,
    "costs": (*MILESTONES, END),
    "figures": ("pivoted",),
}
