"""The arguments of `keras.Model.compile` that our models hand on to it."""

_OPTIONS = ("run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss")
_WEIGHTS = ("loss_weights", "weighted_metrics")


def compile_options(kwargs, weighted: str) -> dict:
    """Those that are given, which are saved with the model.

    Args:
        kwargs: arguments of `compile` that are not ours.
        weighted: what the losses are of, for the error.

    Raises:
        ValueError: weights of losses or of metrics, which are not the user's to give.
    """
    for name in _WEIGHTS:
        if kwargs.get(name) is not None:
            raise ValueError(
                f"the losses of the {weighted} are weighted by `weighting`, and all metrics by the "
                f"sample weights. Received: {name}={kwargs[name]!r}"
            )
    return {name: kwargs[name] for name in _OPTIONS if name in kwargs}
