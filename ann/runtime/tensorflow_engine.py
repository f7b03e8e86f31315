"""The chain in TensorFlow: segment signatures of a SavedModel."""

import tensorflow as tf

from ann.runtime import files
from ann.runtime.engine import Engine, input_positions, output_order


class TensorFlowEngine(Engine):
    takes_threads = False
    survives_fork = False

    def __init__(self, path, manifest, threads, precision):
        self._loaded = tf.saved_model.load(str(path))
        self._parts = {
            name: _Part(self._loaded.signatures[name])
            for name in files.of_links(len(manifest["exits"]))
        }

    def begin(self, inputs):
        return [tf.convert_to_tensor(x) for x in inputs]

    def step(self, index, state):
        made = self._parts[files.segment(index)](state)
        return made[:-1], made[-1].numpy()

    def advance(self, index, state):
        return self._parts[files.advance(index)](state)

    def answer(self, index, state):
        return self._parts[files.head(index)](state)[0].numpy()

    def select(self, state, rows):
        return [tf.gather(x, rows) for x in state]


class _Part:
    """A signature, called with the state in order; gives the next state, then the logits."""

    def __init__(self, signature):
        self._signature = signature
        self._inputs = input_positions(signature.structured_input_signature[1])
        self._outputs = output_order(signature.structured_outputs)

    def __call__(self, state):
        made = self._signature(**{name: state[at] for name, at in self._inputs.items()})
        return [made[name] for name in self._outputs]
