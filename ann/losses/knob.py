"""The numbers that a scheme or sampler is set by: declared once, at the class, with their range.

From the declaration come the constructor's argument, its range check, the saved configuration, the
field of a run's config and the command line flag with its help.
"""

import dataclasses
import numbers
from typing import Any, ClassVar


@dataclasses.dataclass(frozen=True)
class Knob:
    """One setting.

    Attributes:
        default: the papers' value.
        help: what it does, as shown by `--help`.
        low, high: the range allowed, both ends included unless `open` names them.
        open: "low", "high" or "both": ends that are not included.
        flag: name of the command line flag and of the field of a run's config; none for an argument
            that a run derives from its length or seed.
        author_code: the value in the authors' code, where that differs from the papers'.
    """

    default: Any
    help: str
    low: float = float("-inf")
    high: float = float("inf")
    open: str = ""
    flag: str = ""
    author_code: Any = None

    def check(self, name: str, value) -> None:
        """Raises unless the value is in range; None is allowed where it is the default.

        Raises:
            ValueError: the value is out of range, or not a number.
        """
        if value is None and self.default is None:
            return
        whole = isinstance(self.default, int)
        if not _is_number(value, whole):
            wanted = "a whole number" if whole else "a number"
            raise ValueError(f"{name} must be {wanted}. Received: {name}={value!r}")
        above = value > self.low if self._is_open("low") else value >= self.low
        below = value < self.high if self._is_open("high") else value <= self.high
        if not (above and below):
            start = "(" if self._is_open("low") else "["
            end = ")" if self._is_open("high") else "]"
            raise ValueError(
                f"{name} must be in {start}{self.low:g}, {self.high:g}{end}. "
                f"Received: {name}={value}"
            )

    def _is_open(self, end: str) -> bool:
        infinite = {"low": self.low, "high": self.high}[end] in (float("-inf"), float("inf"))
        return infinite or self.open in (end, "both")


def _is_number(value: Any, whole: bool) -> bool:
    kind = numbers.Integral if whole else numbers.Real
    return isinstance(value, kind) and not isinstance(value, bool)


def knob(default: Any, help: str, **options: Any) -> Any:
    """A field of a scheme's or sampler's dataclass that is one of its settings; see `Knob`.

    Example:
        >>> @dataclasses.dataclass(eq=False)
        ... class Heavier(losses.StaticScheme):
        ...     extra: float = knob(1.0, "weight added to the final exit", low=0, flag="extra")
        >>> Heavier(extra=-1)
        Traceback (most recent call last):
        ValueError: extra must be in [0, inf). Received: extra=-1
    """
    return dataclasses.field(default=default, metadata={"knob": Knob(default, help, **options)})


def knobs(cls) -> dict[str, Knob]:
    """The settings of a scheme or sampler class by argument, in the order of its constructor."""
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    return {field.name: field.metadata["knob"] for field in fields if "knob" in field.metadata}


def run_settings(cls) -> dict[str, Knob]:
    """The settings of a class that a training run has flags for, by argument."""
    flagged = {name: one for name, one in knobs(cls).items() if one.flag}
    return flagged | cls.run_knobs


class Configurable:
    """Base of schemes and samplers.

    A subclass that is a dataclass gets its range checks and its saved configuration from its
    fields. Any other subclass writes its own `__init__` and `get_config`.

    Attributes:
        run_knobs: further settings of a training run, which `for_run` turns into arguments.
    """

    run_knobs: ClassVar[dict[str, Knob]] = {}

    def __post_init__(self):
        for name, one in knobs(type(self)).items():
            one.check(name, getattr(self, name))

    @classmethod
    def for_run(cls, values: dict[str, Any], *, epochs: int, steps_per_epoch: int, seed: int):
        """An instance for a training run.

        Args:
            values: the settings by argument, those of `run_knobs` by name.
            epochs, steps_per_epoch: length of the run.
            seed: of the run.
        """
        del epochs, steps_per_epoch, seed
        return cls(**values)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        fields = dataclasses.fields(self) if dataclasses.is_dataclass(self) else ()
        return {field.name: getattr(self, field.name) for field in fields}

    @classmethod
    def from_config(cls, config: dict):
        return cls(**config)
