"""ONNX: files of the whole network, of each link and its parts, and of the weights of all."""

import collections
import logging
import typing

import numpy as np
import onnx
import tensorflow as tf
from onnx import numpy_helper

from ann.export.links import named_logits, named_state
from ann.export.onnx_graph import composed, joined, move_weights, prefixed
from ann.export.plain_functions import plain_functions
from ann.export.requirements import require
from ann.runtime import files

OPSET = 17


class OnnxLink(typing.NamedTuple):
    """A link as two ONNX models. Maps in states are channels first, as kernels want them.

    Attributes:
        advance: `image` or `state_0`, ... -> `next_0`, ...
        head: `state_0`, ..., the state after the segment -> `logits`.
    """

    advance: onnx.ModelProto
    head: onnx.ModelProto


def onnx_links(links, progress=iter) -> list[OnnxLink]:
    """Each link as ONNX models.

    Args:
        links: of `ann.export.links`.
        progress: wraps the list of links for a progress bar.

    Raises:
        ValueError: a layer computes what ONNX cannot say.
    """
    return [_onnx_link(link, first=link is links[0]) for link in progress(links)]


def write_onnx(models, exit_names, path) -> None:
    """Writes `all_exits.onnx`, image -> the logits of each exit by name; `segment_00.onnx`, ...:
    one link each; `advance_00.onnx`, ... and `head_00.onnx`, ...: its two parts; and `weights.bin`,
    which all of them read.

    In the whole network the exits come in order, each whole as soon as it is there, so that a run
    that is stopped has left all answers so far (`ann.export.onnx_graph.joined`).

    Args:
        models: of `onnx_links`.
        exit_names: name of each exit.
        path: folder to write to.
    """
    graphs = {}
    for index, link in enumerate(models):
        for name, model in ((files.advance(index), link.advance), (files.head(index), link.head)):
            graphs[name] = prefixed(model.graph, f"{name}/")
    move_weights(graphs.values(), path / files.WEIGHTS_ONNX)
    segments = []
    for index in range(len(models)):
        segments.append(composed(graphs[files.advance(index)], graphs[files.head(index)]))
        graphs[files.segment(index)] = segments[-1]
    for name, graph in graphs.items():
        _write(models, graph, path / files.onnx(name))
    _write(models, joined(segments, exit_names, "all_exits"), path / files.WHOLE_ONNX)


def _write(models, graph, file):
    """Writes a graph as a model of the versions that the links were converted to."""
    first = models[0].advance
    model = onnx.ModelProto(
        ir_version=first.ir_version, producer_name="ann", opset_import=_opsets(models), graph=graph
    )
    file.write_bytes(model.SerializeToString())


def _opsets(models):
    """Every set of operations that a link needs, in the newest version that one needs."""
    every = [opset for link in models for model in link for opset in model.opset_import]
    return {x.domain: x for x in sorted(every, key=lambda x: x.version)}.values()


def _onnx_link(link, first):
    read, made = _maps(link.inputs), _maps(link.outputs)
    to_state, to_logits = named_state(link.advance, link.outputs), named_logits(link.answer)
    return OnnxLink(
        _model(to_state, link.inputs, [] if first else read, made),
        _model(to_logits, link.head_inputs, _maps(link.head_inputs), []),
    )


def _model(call, inputs, maps_in, maps_out):
    """A function as an ONNX model; `maps_in`, `maps_out`: what is channels first there."""
    tf2onnx = require("tf2onnx", "ONNX")
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    function = tf.function(
        lambda *x: {name: tf.identity(y) for name, y in call(*x).items()},
        input_signature=inputs,
        autograph=False,
    )
    with plain_functions():
        graph = function.get_concrete_function().graph
        try:
            model, _ = tf2onnx.convert.from_function(
                function,
                input_signature=inputs,
                opset=OPSET,
                custom_op_handlers={"Erfc": (_erfc, [])},
                inputs_as_nchw=maps_in or None,
                outputs_as_nchw=maps_out or None,
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
