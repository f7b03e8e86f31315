"""Every weighting, sampler and training mode on one small network and real images: what shows at
this scale?"""

from experiments.harness.declaration import MILESTONES, Claim, Experiment
from experiments.studies._schemes import ROWS, SETTINGS

EXPERIMENT = Experiment(
    source="our study of schemes",
    title="Relative increase of the error over OPT (%) of every weighting, sampler and training "
    "mode",
    rows=ROWS,
    settings=SETTINGS,
    measure="relative_increase",
    against="opt",
    costs=MILESTONES,
    figures=("increase_bars",),
    claims=(
        Claim("adaloss ends below const", "adaloss", "below", than="const"),
        Claim("sieve ends below const", "sieve", "below", than="const"),
        Claim("exp_lin ends below const", "exp_lin", "below", than="const"),
        Claim("half_end ends below const", "half_end", "below", than="const"),
        Claim(
            "log_loss (001 Eq. 4, without running losses) ends as adaloss, within 5 %",
            "log_loss",
            "about",
            than="adaloss",
            within=5.0,
        ),
        Claim("const starts below adaloss", "const", "below", than="adaloss", cost=0.25),
        Claim("const starts below sieve", "const", "below", than="sieve", cost=0.25),
        Claim(
            "aann is nearer to opt than sieve alone at 1/2",
            "sieve + aann",
            "below",
            than="sieve",
            cost=0.5,
        ),
        Claim(
            "training one by one fails: no_grad ends above const",
            "const, no_grad",
            "above",
            than="const",
        ),
        Claim(
            "... and midfeat is above const at 1/2",
            "const, midfeat",
            "above",
            than="const",
            cost=0.5,
        ),
    ),
)
