"""Every weighting, sampler and training mode: what the two tables of our study of schemes share."""

from experiments.harness.declaration import Row, Settings

ROWS = (
    Row("opt", {"weighting": "opt"}),
    Row("const", {"weighting": "const"}),
    Row("linear", {"weighting": "linear"}),
    Row("half_end", {"weighting": "half_end"}),
    Row("quarter_half", {"weighting": "quarter_half"}),
    Row("sieve", {"weighting": "sieve"}),
    Row("sieve_v2", {"weighting": "sieve_v2"}),
    Row("exp_lin", {"weighting": "exp_lin"}),
    Row("exp_base 2", {"weighting": "exp_base", "base": 2.0}),
    Row("exp_base 0.5", {"weighting": "exp_base", "base": 0.5}),
    Row("adaloss", {"weighting": "adaloss"}),
    Row("adaloss_first_order", {"weighting": "adaloss_first_order"}),
    Row("log_loss", {"weighting": "log_loss"}),
    Row("uncertainty", {"weighting": "uncertainty"}),
    Row("dwa", {"weighting": "dwa"}),
    Row("rlw", {"weighting": "rlw"}),
    Row("gradnorm", {"weighting": "gradnorm"}),
    Row("sieve + aann", {"weighting": "sieve", "sampler": "aann"}),
    Row("sieve + milestone", {"weighting": "sieve", "sampler": "milestone"}),
    Row("sieve + exp3", {"weighting": "sieve", "sampler": "exp3"}),
    Row("sieve + rwm", {"weighting": "sieve", "sampler": "rwm"}),
    Row("sieve + avgl", {"weighting": "sieve", "sampler": "avgl"}),
    Row("const, no_grad", {"weighting": "const", "training_mode": "no_grad"}),
    Row("const, midfeat", {"weighting": "const", "training_mode": "midfeat"}),
)
SETTINGS = {
    "quick": Settings(networks=("resann-n3-c8",), seeds=3),
    "small": Settings(networks=("resann-n5-c16",)),
    "medium": Settings(
        networks=("resann-n7-c16",),
        datasets=("cifar100", "cifar10"),
        methods=("opt", "const", "half_end", "adaloss", "sieve"),
    ),
    "paper": Settings(networks=("resann-n9-c32",), datasets=("cifar10", "cifar100")),
}
