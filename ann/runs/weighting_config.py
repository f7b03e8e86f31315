"""How the losses of the exits are combined in a run: a field for each setting of each scheme."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ann import losses
from ann.losses.knob import Knob, run_settings
from ann.runs.fields import check_types, field, require_name


def settings_of(name: str) -> dict[str, tuple[str, Knob]]:
    """What a scheme or sampler can be set by: from a field of `WeightingConfig` to the argument of
    the class, and its range and help."""
    cls = (losses.schemes() | losses.samplers())[name]
    return {one.flag: (argument, one) for argument, one in run_settings(cls).items()}


def _settings() -> dict[str, Knob]:
    """The settings of all schemes and samplers by flag; the help says which ones have them."""
    found: dict[str, Knob] = {}
    owners: dict[str, list[str]] = {}
    for name in (*losses.schemes(), *losses.samplers()):
        for flag, (_, one) in settings_of(name).items():
            if found.setdefault(flag, one) != one:
                raise TypeError(f"two settings share a flag but differ. Received: {name}, {flag}")
            owners.setdefault(flag, []).append(name)
    return {
        flag: dataclasses.replace(one, help=f"{', '.join(owners[flag])}: {one.help}.")
        for flag, one in found.items()
    }


SETTINGS = _settings()


def _type_of(flag: str):
    """Type of a setting: that of its default; a default of None stands for a number."""
    default = SETTINGS[flag].default
    return float | None if default is None else type(default)


def _check_weighting(self):
    check_types(self)
    for name, known in (("weighting", losses.schemes()), ("sampler", losses.samplers())):
        value = getattr(self, name)
        require_name(name, value, known, none_allowed=name == "sampler")
    for flag, one in SETTINGS.items():
        one.check(flag, getattr(self, flag))


if TYPE_CHECKING:  # what a type checker sees of the class that is made below

    @dataclasses.dataclass(frozen=True)
    class WeightingConfig:
        weighting: str = "adaloss"
        sampler: str | None = None

        def __init__(self, weighting: str = ..., sampler: str | None = ..., **settings: Any): ...

        def __getattr__(self, setting: str) -> Any: ...

else:
    WeightingConfig = dataclasses.make_dataclass(
        "WeightingConfig",
        [
            ("weighting", str, field("adaloss", "Weighting scheme.")),
            ("sampler", str | None, field(None, "Sampler that adds weight to one exit per step.")),
            *(
                (flag, _type_of(flag), field(one.default, one.help))
                for flag, one in SETTINGS.items()
            ),
        ],
        frozen=True,
        namespace={
            "__module__": __name__,  # by which a worker process finds the class
            "__doc__": "How the losses of the exits are combined; one field per setting.",
            "__post_init__": _check_weighting,
        },
    )
