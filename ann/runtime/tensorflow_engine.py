"""The chain in TensorFlow: segment signatures of a SavedModel."""

import tensorflow as tf

from ann.runtime import files
from ann.runtime.engine import Engine


class TensorFlowEngine(Engine):
    takes_threads = False
    survives_fork = False

    def __init__(self, path, manifest, threads, precision):
        self._loaded = tf.saved_model.load(str(path))
        self._segments = [
            _Segment(self._loaded.signatures[files.segment(index)])
            for index in range(len(manifest["exits"]))
        ]

    def begin(self, images):
        return [tf.convert_to_tensor(images)]

    def step(self, index, state):
        return self._segments[index](state)

    def select(self, state, rows):
        return [tf.gather(x, rows) for x in state]


class _Segment:
    """A signature, called with the state in order."""

    def __init__(self, signature):
        self._signature = signature
        names = signature.structured_input_signature[1]
        self._inputs = (
            ["image"] if "image" in names else [f"state_{index}" for index in range(len(names))]
        )
        self._outputs = [f"next_{index}" for index in range(len(signature.structured_outputs) - 1)]

    def __call__(self, state):
        made = self._signature(**dict(zip(self._inputs, state, strict=True)))
        return [made[name] for name in self._outputs], made["logits"].numpy()
