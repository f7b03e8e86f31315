"""Argument checks shared by the schemes and samplers."""


def require_range(name: str, value, low, high=float("inf"), *, open_end: bool = False) -> None:
    """Raises unless `low <= value <= high`, or `< high` with `open_end`.

    Raises:
        ValueError: the value is outside, or not a number.
    """
    inside = low <= value < high if open_end or high == float("inf") else low <= value <= high
    if not inside:
        end = ")" if open_end or high == float("inf") else "]"
        raise ValueError(f"{name} must lie in [{low}, {high}{end}. Received: {name}={value}")
