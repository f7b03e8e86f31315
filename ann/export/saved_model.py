"""SavedModel: a signature per exit and per segment over shared variables."""

import tensorflow as tf

from ann.export.links import all_exits, named_logits, named_state
from ann.export.plain_functions import plain_functions
from ann.runtime import files


def write_saved_model(links, exit_names, path, *, batch_size=None) -> None:
    """Writes a SavedModel with these signatures:

    `exit_00`, ...: `image` -> `logits`, computing what this exit needs; `serving_default`: the
        final one of them; several inputs are `input_0`, `input_1`, ..., as the manifest lists them;
    `all_exits`: the same -> the logits of each exit by name;
    `segment_00`, ...: one link of the chain, inputs or `state_0`, `state_1`, ... -> `next_0`,
        `next_1`, ... and `logits`;
    `advance_00`, ... and `head_00`, ...: its two parts, the second from `state_0`, ..., the state
        after the first.

    Every segment and head is one function that all signatures call, so that size and time grow with
    the number of exits and not with its square (but for the list of variables, which each signature
    has).

    Args:
        links: of `ann.export.links`.
        exit_names: name of each exit.
        path: folder to write to.
        batch_size: images in a batch; default any number. With a number, no function is left to be
            compiled by XLA, so that other formats can be made of the file.
    """
    module = tf.Module()
    variables = {id(v): v.value for link in links for v in link.variables}
    module.weights = list(variables.values())
    advance = [_function(link.advance, link.inputs, batch_size) for link in links]
    answer = [_function(link.answer, link.head_inputs, batch_size) for link in links]
    if batch_size is not None:
        with plain_functions():
            advance = [function.get_concrete_function() for function in advance]
            answer = [function.get_concrete_function() for function in answer]
    inputs = links[0].inputs

    calls = {
        name: (_exit(advance[: index + 1], answer[index]), inputs)
        for index, name in enumerate(exit_names)
    }
    calls["all_exits"] = (all_exits(advance, answer, exit_names), inputs)
    for index, link in enumerate(links):
        to_state, to_logits = named_state(advance[index], link.outputs), named_logits(answer[index])
        calls[files.segment(index)] = (_segment(to_state, to_logits), link.inputs)
        calls[files.advance(index)] = (to_state, link.inputs)
        calls[files.head(index)] = (to_logits, link.head_inputs)
    signatures = {
        name: _function(call, specs, batch_size).get_concrete_function()
        for name, (call, specs) in calls.items()
    }
    tf.saved_model.save(
        module, str(path), {**signatures, "serving_default": signatures[exit_names[-1]]}
    )


def _function(call, specs, batch_size):
    specs = [
        tf.TensorSpec((batch_size, *spec.shape[1:]), spec.dtype, name=spec.name) for spec in specs
    ]
    return tf.function(call, input_signature=specs, autograph=False)


def _segment(to_state, to_logits):
    def step(*state):
        made = to_state(*state)
        return {**made, **to_logits(*made.values())}

    return step


def _exit(advance, answer):
    def logits(*inputs):
        state = inputs
        for step in advance:
            state = step(*state)
        return {"logits": answer(*state)}

    return logits
