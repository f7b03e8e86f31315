"""Float32 copies of links trained in mixed precision, for engines that have no such kernels."""

_SHORTER = {"mixed_bfloat16", "bfloat16", "mixed_float16", "float16"}


def in_float32(link):
    """`link` itself if it computes in float32, else a copy that does, of the same weights.

    Args:
        link: Keras layer or model, or None.
    """
    config = None if link is None else link.get_config()
    if not _shortened(config):
        return link
    copy = type(link).from_config(_lengthened(config))
    copy.set_weights(link.get_weights())
    return copy


def _shortened(config):
    if isinstance(config, dict):
        return any(_shortened(value) for value in config.values())
    if isinstance(config, (list, tuple)):
        return any(_shortened(value) for value in config)
    return isinstance(config, str) and config in _SHORTER


def _lengthened(config):
    if isinstance(config, dict):
        return {key: _lengthened(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(_lengthened(value) for value in config)
    return "float32" if isinstance(config, str) and config in _SHORTER else config
