"""ONNX: one file of the whole network and one of each link."""

import logging

import tensorflow as tf

from ann.export.links import all_exits, segment
from ann.export.requirements import require

WHOLE = "all_exits.onnx"
OPSET = 17


def write_onnx(links, exit_names, path, progress=iter) -> None:
    """Writes `all_exits.onnx`, image -> the logits of each exit by name, and `segment_00.onnx`,
    ...: one link each, `image` or `state_0`, ... -> `next_0`, ... and `logits`.

    The whole network answers in order: an exit is computed before the segment behind it, and copied
    to its output as soon as it
    is there: a run that is stopped has left all answers so far. Maps in states are channels first,
    as kernels want them.

    Args:
        links: of `ann.export.links`, in float32.
        exit_names: name of each exit.
        path: folder to write to.
        progress: wraps the list of files for a progress bar.

    Raises:
        ImportError: tf2onnx is not installed.
    """
    (path / WHOLE).write_bytes(_whole(links, exit_names).SerializeToString())
    for index in progress(range(len(links))):
        link = links[index]
        inputs = [spec.name for spec in link.inputs if index and spec.shape.rank == 4]
        outputs = [spec.name for spec in link.outputs if spec.shape.rank == 4]
        names = [*(spec.name for spec in link.outputs), "logits"]
        proto = _convert(
            segment(link.advance, link.answer, link.outputs),
            link.inputs,
            names,
            inputs_as_nchw=inputs,
            outputs_as_nchw=outputs,
        )
        (path / f"segment_{index:02d}.onnx").write_bytes(proto.SerializeToString())


def _convert(call, inputs, outputs, **layouts):
    tf2onnx = require("tf2onnx", "ONNX")
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    function = tf.function(
        lambda *x: _named(call(*x), outputs), input_signature=inputs, autograph=False
    )
    layouts = {key: names or None for key, names in layouts.items()}
    proto, _ = tf2onnx.convert.from_function(
        function, input_signature=inputs, opset=OPSET, **layouts
    )
    _store_constants(proto, function.get_concrete_function().graph.captures)
    return proto


def _store_constants(proto, captures):
    """Layers may hold plain tensors, such as the mean of a normalisation; tf2onnx makes inputs of them."""
    from onnx import numpy_helper

    values = {inside.name: outside for outside, inside in captures}
    for extra in [x for x in proto.graph.input if x.name in values]:
        proto.graph.initializer.append(
            numpy_helper.from_array(values[extra.name].numpy(), extra.name)
        )
        proto.graph.input.remove(extra)


def _named(tensors, names):
    return {name: tf.identity(tensors[name]) for name in names}


def _whole(links, exit_names):
    whole = all_exits([link.advance for link in links], [link.answer for link in links], exit_names)
    proto = _convert(whole, links[0].inputs, exit_names)
    return _answers_by_copy(proto, exit_names)


def _answers_by_copy(proto, exit_names):
    """Lets each answer be the copy of a tensor, made right behind it: complete as soon as its last number is there."""
    from onnx import helper

    nodes = []
    for node in proto.graph.node:
        nodes.append(node)
        for index, name in enumerate(node.output):
            if name in exit_names:
                node.output[index] = f"{name}_computed"
                nodes.append(helper.make_node("Identity", [f"{name}_computed"], [name], name=name))
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    return proto
