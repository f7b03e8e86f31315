"""003, ILSVRC: AANNs of 26, 50 and 101 layers with CONST and SIEVE, and their EANN on one and on
several workers, beside OPT and a sequence of plain networks."""

from experiments.harness.declaration import END, OF_LARGEST, Claim, Experiment, Row
from experiments.papers._networks import QUICK_SEQUENCE, SMALL_SEQUENCE, on_ilsvrc

SIEVE = {"weighting": "sieve_v2", "sampler": "aann"}
CONST = {"weighting": "const", "sampler": "aann"}
OPT = {"weighting": "opt"}

EXPERIMENT = Experiment(
    source="003 ILSVRC",
    title="Errors (%) of AANNs and their EANN at fractions of the largest network's cost",
    rows=(
        Row("OPT-101", OPT, network=2),
        Row("AANN-26, SIEVE", SIEVE, network=0),
        Row("AANN-50, SIEVE", SIEVE, network=1),
        Row("AANN-101, SIEVE", SIEVE, network=2),
        Row("AANN-50, CONST", CONST, network=1),
        Row("AANN-101, CONST", CONST, network=2),
        Row("EANN", SIEVE, join="eann"),
        Row("EANN, by validation", SIEVE, join="eann", selection="validation"),
        Row("EANN, 2 workers", SIEVE, join="eann", workers=2),
        Row("EANN, 3 workers", SIEVE, join="eann", workers=3),
        Row("sequence of plain networks", OPT, join="plain_sequence"),
    ),
    settings=on_ilsvrc(QUICK_SEQUENCE, SMALL_SEQUENCE, ("resann26", "resann50", "resann101")),
    **OF_LARGEST,
    claims=(
        *(
            Claim(
                f"with CONST AANN-{depth} ends above SIEVE",
                f"AANN-{depth}, CONST",
                "above",
                than=f"AANN-{depth}, SIEVE",
                cost=END,
            )
            for depth in (50, 101)
        ),
        Claim(
            "AANN with SIEVE ends at the optimal level: within a point of OPT",
            "AANN-101, SIEVE",
            "about",
            than="OPT-101",
            cost=END,
            within=1.0,
        ),
        Claim(
            "... and is near-optimal over the later half: within 2 points at 3/4",
            "AANN-101, SIEVE",
            "about",
            than="OPT-101",
            cost=0.75,
            within=2.0,
        ),
        *(
            Claim(
                f"{workers} workers answer better at the largest network's cost",
                f"EANN, {workers} workers",
                "below",
                than="EANN",
            )
            for workers in (2, 3)
        ),
        Claim(
            "plain networks in the sequence end no better: within a point of the EANN",
            "sequence of plain networks",
            "about",
            than="EANN",
            cost=END,
            within=1.0,
        ),
        Claim(
            "... and answer less often: above the EANN at half",
            "sequence of plain networks",
            "above",
            than="EANN",
            cost=0.5,
        ),
    ),
)
