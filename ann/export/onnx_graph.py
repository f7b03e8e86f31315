"""ONNX graphs: the links of a chain joined to one graph, and weights in a file of their own."""

import onnx
from onnx import helper

_INLINE_BYTES = 1024  # ONNX Runtime wants shapes and axes in the model itself
_ALIGNMENT = 64


def prefixed(graph, prefix: str):
    """A copy of a graph with `prefix` before every name but those of its inputs and outputs."""
    outside = {value.name for value in (*graph.input, *graph.output)}
    copy = onnx.GraphProto()
    copy.CopyFrom(graph)
    _rename(copy, lambda name: name if name in outside else prefix + name)
    return copy


def composed(advance, head):
    """One graph of a segment and its head: the inputs of the segment -> `next_0`, ... and `logits`.

    Args:
        advance, head: of `prefixed`.
    """
    link = onnx.GraphProto()
    link.CopyFrom(advance)
    names = {value.name.replace("next_", "state_"): value.name for value in advance.output}
    for node in head.node:
        _rename_node(link.node.add(), node, lambda name: names.get(name, name))
    link.initializer.extend(head.initializer)
    link.output.extend(head.output)
    return link


def joined(graphs, exit_names, name: str):
    """One graph, image -> the logits of each exit by name, of the graphs of the links.

    ONNX Runtime orders nodes itself: it walks back from the nodes that nothing reads, the last of
    the list first. So the nodes that give the answers end the list, the deepest exit first, and
    whatever an exit needs runs before anything that only later exits need. Each of these nodes
    copies: an answer is whole as soon as its last number is there.

    Args:
        graphs: of `composed`, one for each link.
        exit_names: name of each exit.
        name: of the new graph.
    """
    whole = onnx.GraphProto(name=name, input=graphs[0].input)
    state = {value.name: value.name for value in graphs[0].input}
    answers = []
    for graph, exit_name in zip(graphs, exit_names, strict=True):
        # Of a tensor in this link -> in the whole network; those inside have names of their own.
        names = state | {value.name: f"{exit_name}/{value.name}" for value in graph.output}

        def name_of(tensor, names=names):
            return names.get(tensor, tensor)

        for node in graph.node:
            if node.op_type == "Identity":
                names[node.output[0]] = name_of(node.input[0])
            else:
                _rename_node(whole.node.add(), node, name_of)
        for tensor in graph.initializer:
            whole.initializer.add().CopyFrom(tensor)
            whole.initializer[-1].name = name_of(tensor.name)
        state = {
            value.name.replace("next_", "state_"): name_of(value.name)
            for value in graph.output
            if value.name != "logits"
        }
        (logits,) = (value for value in graph.output if value.name == "logits")
        whole.output.add().CopyFrom(logits)
        whole.output[-1].name = exit_name
        answers.append(helper.make_node("Identity", [name_of("logits")], [exit_name], exit_name))
    whole.node.extend(reversed(answers))
    _keep_needed(whole)
    return whole


def move_weights(graphs, path) -> None:
    """Writes the larger tensors of some graphs to one file, which the graphs then refer to.

    Tensors of one name are one tensor, and are written once.

    Args:
        graphs: changed in place.
        path: of the file; the ONNX files that hold the graphs belong beside it.
    """
    places = {}
    with path.open("wb") as file:
        for graph in graphs:
            for tensor in graph.initializer:
                if len(tensor.raw_data) < _INLINE_BYTES:
                    continue
                if tensor.name not in places:
                    file.write(bytes(-file.tell() % _ALIGNMENT))
                    places[tensor.name] = {"offset": file.tell(), "length": len(tensor.raw_data)}
                    file.write(tensor.raw_data)
                tensor.ClearField("raw_data")
                tensor.data_location = onnx.TensorProto.EXTERNAL
                for key, value in {"location": path.name, **places[tensor.name]}.items():
                    tensor.external_data.add(key=key, value=str(value))


def _rename(graph, name_of):
    """Renames the tensors and nodes of a graph, those in the bodies of its loops too."""
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = name_of(value.name)
    for node in graph.node:
        _rename_node(node, node, name_of)
    del graph.value_info[:]


def _rename_node(node, source, name_of):
    """Makes `node` be `source` with other names."""
    node.CopyFrom(source)
    node.name = name_of(node.name)
    node.input[:] = [name and name_of(name) for name in node.input]
    node.output[:] = [name and name_of(name) for name in node.output]
    for body in _bodies(node):
        _rename(body, name_of)


def _bodies(node):
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def _keep_needed(graph):
    """Removes the nodes and tensors that no output needs."""
    needed = {value.name for value in graph.output}
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(_read(node))
    nodes = [node for node in graph.node if needed.intersection(node.output)]
    tensors = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(tensors)


def _read(node) -> set:
    """Names that a node reads; its bodies may read those around it."""
    inside = (name for body in _bodies(node) for inner in body.node for name in _read(inner))
    outputs = (value.name for body in _bodies(node) for value in body.output)
    return {*node.input, *inside, *outputs}
