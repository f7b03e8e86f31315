"""ONNX: one file of the whole network, one of each link, and one of the weights of all."""

import collections
import logging

import numpy as np
import onnx
import tensorflow as tf
from onnx import numpy_helper

from ann.export.links import segment
from ann.export.onnx_graph import alone, joined, move_weights
from ann.export.plain_functions import plain_functions
from ann.export.requirements import require
from ann.runtime import files

OPSET = 17


def onnx_models(links, progress=iter) -> list:
    """Each link as an ONNX model: `image` or `state_0`, ... -> `next_0`, ... and `logits`.

    Maps in states are channels first, as kernels want them.

    Args:
        links: of `ann.export.links`.
        progress: wraps the list of links for a progress bar.

    Raises:
        ValueError: a layer computes what ONNX cannot say.
    """
    return [_model(link, first=link is links[0]) for link in progress(links)]


def write_onnx(models, exit_names, path) -> None:
    """Writes `all_exits.onnx`, image -> the logits of each exit by name; `segment_00.onnx`, ...:
    one link each; and `weights.bin`, which all of them read.

    In the whole network the exits come in order, each whole as soon as it is there, so that a run
    that is stopped has left all answers so far (`ann.export.onnx_graph.joined`).

    Args:
        models: of `onnx_models`; changed.
        exit_names: name of each exit.
        path: folder to write to.
    """
    prefixes = [f"{files.segment(index)}/" for index in range(len(models))]
    graphs = [model.graph for model in models]
    whole = joined(graphs, prefixes, exit_names, "all_exits")
    alones = [alone(graph, prefix) for graph, prefix in zip(graphs, prefixes, strict=True)]
    move_weights([*alones, whole], path / files.WEIGHTS_ONNX)
    names = [*map(files.segment_onnx, range(len(models))), files.WHOLE_ONNX]
    for name, graph, model in zip(names, [*alones, whole], [*models, models[-1]], strict=True):
        model.graph.CopyFrom(graph)
        (path / name).write_bytes(model.SerializeToString())


def _model(link, first):
    tf2onnx = require("tf2onnx", "ONNX")
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    step = segment(link.advance, link.answer, link.outputs)
    function = tf.function(
        lambda *x: {name: tf.identity(y) for name, y in step(*x).items()},
        input_signature=link.inputs,
        autograph=False,
    )
    layouts = {
        "inputs_as_nchw": [] if first else _maps(link.inputs),
        "outputs_as_nchw": _maps(link.outputs),
    }
    with plain_functions():
        graph = function.get_concrete_function().graph
        try:
            model, _ = tf2onnx.convert.from_function(
                function,
                input_signature=link.inputs,
                opset=OPSET,
                custom_op_handlers={"Erfc": (_erfc, [])},
                **{key: names or None for key, names in layouts.items()},
            )
        except Exception as error:
            raise ValueError(_unsupported(graph, error)) from error
    # Some operations that tf2onnx does not know it leaves as they are.
    unknown = [x.op_type for x in model.graph.node if not onnx.defs.has(x.op_type, x.domain)]
    if unknown:
        raise ValueError(_unsupported(graph, unknown))
    _store_constants(model, graph.captures)
    return model


def _maps(specs):
    return [spec.name for spec in specs if spec.shape.rank == 4]


def _erfc(ctx, node, name, args):
    """ONNX has no complementary error function, which exact GELU is made of: 1 - erf(x)."""
    node.type = "Erf"
    one = ctx.make_const(f"{name}_one", np.array(1, np.float32))
    ctx.insert_new_node_on_output(
        "Sub", node.output[0], name=f"{name}_complement", inputs=[one.output[0], node.output[0]]
    )


def _unsupported(graph, error) -> str:
    """Names the layers whose operations ONNX does not have."""
    from tf2onnx import handler

    known = {name for domain in handler.tf_op.get_opsets().values() for of in domain for name in of}
    layers = collections.defaultdict(set)
    for op in graph.get_operations():
        if op.type not in known:
            layers[op.type].add(op.name.rpartition("/")[0] or op.name)
    found = "; ".join(f"{kind} in {sorted(names)}" for kind, names in layers.items())
    return (
        "a layer computes what ONNX cannot say; 'saved_model' can hold it. "
        f"Received: {found or error}"
    )


def _store_constants(model, captures):
    """Layers may hold plain tensors, such as the mean of a normalization; tf2onnx makes inputs of
    them."""
    values = {inside.name: outside for outside, inside in captures}
    for extra in [x for x in model.graph.input if x.name in values]:
        model.graph.initializer.append(
            numpy_helper.from_array(values[extra.name].numpy(), extra.name)
        )
        model.graph.input.remove(extra)
