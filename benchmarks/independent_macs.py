"""MACs of a Keras model as TensorFlow itself counts them: nothing here is of `ann`.

Convolutions are counted by the statistics that TensorFlow registers for its profiler, products of
matrices from the sizes of the three of them.
"""

import math

import keras
import tensorflow as tf
from tensorflow.python.framework import ops
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow.python.framework.function_def_to_graph import function_def_to_graph


def independent_macs(model, sizes=None) -> int:
    """MACs of one sample, counted on the frozen graph of the model.

    Args:
        model: built Keras model.
        sizes: size for each open dimension of the inputs but the batch.
    """
    structure = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    specs = keras.tree.map_structure(
        lambda x: tf.TensorSpec([1, *(size or sizes for size in x.shape[1:])], x.dtype), structure
    )
    call = tf.function(lambda x: model(x, training=False), input_signature=[specs])
    graph = convert_variables_to_constants_v2(call.get_concrete_function()).graph
    return sum(_macs(graph, operation) for operation in graph.get_operations())


def _macs(graph, operation) -> int:
    kind = operation.type
    if "MatMul" in kind:
        left, right, product = (_size(x) for x in (*operation.inputs, *operation.outputs))
        shape = operation.outputs[0].shape
        batch = math.prod(shape[:-2].as_list())
        return math.isqrt(left * right * product // batch)
    if kind == "Einsum":
        labels = operation.get_attr("equation").decode().split("->")[0].split(",")
        sizes = {}
        for names, tensor in zip(labels, operation.inputs, strict=True):
            sizes.update(zip(names, tensor.shape.as_list(), strict=True))
        return math.prod(sizes.values()) if len(labels) == 2 else 0
    if kind.startswith(("Conv", "Depthwise")):
        flops = ops.get_stats_for_node_def(graph, operation.node_def, "flops").value
        if flops is None:
            raise NotImplementedError(f"TensorFlow registers no statistics for {kind}")
        return int(flops) // 2
    if kind in ("PartitionedCall", "StatefulPartitionedCall"):  # what XLA is to compile
        definition = graph._get_function(operation.get_attr("f").name).definition
        shapes = [tensor.shape for tensor in operation.inputs]
        inside = function_def_to_graph(definition, input_shapes=shapes)
        return sum(_macs(inside, one) for one in inside.get_operations())
    if kind in ("While", "StatelessWhile", "If", "StatelessIf"):
        raise NotImplementedError(f"the graph has an operation {kind}")
    return 0


def _size(tensor) -> int:
    return math.prod(tensor.shape.as_list())
