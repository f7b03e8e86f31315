"""001 Fig. 6b: an EANN of ResANNs against linear ensembles of plain networks on ILSVRC."""

from experiments.harness.declaration import END, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers.networks import QUICK_SEQUENCE, SMALL_SEQUENCE

EXPERIMENT = Experiment(
    source="001 Fig. 6b",
    title="EANN against linear ensembles, at fractions of the largest ResANN's cost",
    rows=(
        Row("EANN", {"weighting": "adaloss"}, join="eann", members=(0, 1, 2)),
        Row("ANN", {"weighting": "adaloss"}, network=1),
        Row(
            "linear ensemble of ResNets",
            {"weighting": "opt"},
            join="linear_ensemble",
            members=(0, 1, 2),
        ),
        Row(
            "linear ensemble of DenseNets",
            {"weighting": "opt"},
            join="linear_ensemble",
            members=(3, 4, 5),
        ),
    ),
    settings={
        "quick": Settings(
            networks=((*QUICK_SEQUENCE, "denseann-n2-g8", "denseann-n4-g8", "denseann-n6-g8"),),
            methods=("EANN", "ANN", "linear ensemble of ResNets"),
        ),
        "small": Settings(
            networks=((*SMALL_SEQUENCE, "denseann-n4-g12", "denseann-n8-g12", "denseann-n12-g12"),),
            methods=("EANN", "ANN", "linear ensemble of ResNets"),
        ),
        "paper": Settings(
            networks=(
                ("resann26", "resann50", "resann101", "denseann121", "denseann169", "denseann201"),
            ),
            datasets=("imagenet2012",),
        ),
    },
    rule="closest",
    of_network=2,
    costs=(*MILESTONES, END),
    figures=("curves",),
    claims=(
        Claim(
            "the EANN is below the linear ensemble at half",
            "EANN",
            "below",
            than="linear ensemble of ResNets",
            cost=0.5,
        ),
        Claim("... and at the end", "EANN", "below", than="linear ensemble of ResNets", cost=END),
        Claim(
            "the EANN is better early than a single network", "EANN", "below", than="ANN", cost=0.25
        ),
        Claim("... and delays the late answers", "EANN", "above", than="ANN", cost=0.5),
    ),
)
