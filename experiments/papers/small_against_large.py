"""What the panels of 001 Fig. 5 share: rows and claims of a small network with AdaLoss against a large one with CONST."""

from experiments.declaration import END, Claim, Row

ROWS = (Row("AdaLoss, small", {"weighting": "adaloss"}), Row("CONST, large", {"weighting": "const"}, network=-1))
CLAIMS = (
    Claim("both end with the same error, within 5 %", "CONST, large", "about", cost=END, within=5.0),
    Claim("at half of its cost the small network errs less", "CONST, large", "above", than="AdaLoss, small", cost=0.5),
    Claim("at 3/4 of its cost the small network errs less", "CONST, large", "above", than="AdaLoss, small", cost=0.75),
    Claim("at all of its cost the small network errs less", "CONST, large", "above", than="AdaLoss, small"),
)
