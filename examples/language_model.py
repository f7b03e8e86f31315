"""A causal language model with exits: after each exit a guess of the next character, a better one
later.

    python -m examples.language_model --steps=2000

The text is the Python language reference as it comes with Python (pydoc_data.topics), in
characters. The network is a small transformer in plain Keras; `attach_exits` cuts it after every
block. Prints bits per character at each exit on text that was not trained on, and a sample.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import math
from pydoc_data.topics import topics

import keras
import numpy as np
from absl import app, flags
from keras import layers

from ann import evaluation, models

_STEPS = flags.DEFINE_integer("steps", 2000, "Steps of training.", lower_bound=1)
_BATCH = flags.DEFINE_integer("batch_size", 32, "Windows of text per step.", lower_bound=1)
_LENGTH = flags.DEFINE_integer("length", 64, "Characters per window.", lower_bound=2)
_BLOCKS = flags.DEFINE_integer("blocks", 4, "Blocks of the transformer.", lower_bound=2)
_WIDTH = flags.DEFINE_integer("width", 64, "Channels of each position.", lower_bound=4)
_SAVE = flags.DEFINE_string("save", None, "File (.keras) to save the anytime network to.")


def plain_transformer(vocabulary: int, length: int, *, blocks: int, width: int) -> keras.Model:
    """Logits of the next character at each position, `(batch, length, vocabulary)`."""
    tokens = keras.Input((length,), dtype="int32", name="tokens")
    positions = keras.ops.arange(length)
    x = layers.Embedding(vocabulary, width, name="characters")(tokens)
    x = x + layers.Embedding(length, width, name="positions")(positions + 0 * tokens)
    for index in range(blocks):
        y = layers.LayerNormalization(name=f"norm1_{index}")(x)
        attention = layers.MultiHeadAttention(4, width // 4, name=f"attention_{index}")
        x = layers.Add(name=f"add1_{index}")([x, attention(y, y, use_causal_mask=True)])
        y = layers.LayerNormalization(name=f"norm2_{index}")(x)
        y = layers.Dense(4 * width, activation="gelu", name=f"wide_{index}")(y)
        x = layers.Add(name=f"block_{index}")([x, layers.Dense(width, name=f"narrow_{index}")(y)])
    x = layers.LayerNormalization(name="norm")(x)
    return keras.Model(tokens, layers.Dense(vocabulary, name="next")(x), name="transformer")


def characters():
    """The text as integers, in which the last tenth is held out, and the characters they mean."""
    text = "\n".join(topics[name] for name in sorted(topics))
    alphabet = sorted(set(text))
    numbers = {character: number for number, character in enumerate(alphabet)}
    return np.array([numbers[character] for character in text], "int32"), alphabet


def windows(text, count: int, length: int, random):
    """Random windows of text, and the same one character later: both int32 `(count, length)`."""
    starts = random.integers(0, len(text) - length, count)
    both = text[starts[:, None] + np.arange(length + 1)]
    return both[:, :-1], both[:, 1:]


def sample(model, text, alphabet, count: int, length: int, random) -> str:
    """Goes on with a text by `count` characters, each drawn as the last exit says."""
    for _ in range(count):
        logits = model.predict_on_batch(text[None, -length:])[-1][0, -1]
        probabilities = np.exp(logits - logits.max(), dtype="float64")
        drawn = random.choice(len(alphabet), p=probabilities / probabilities.sum())
        text = np.append(text, np.int32(drawn))
    return "".join(alphabet[number] for number in text[-count:])


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    keras.utils.set_random_seed(0)
    random, length = np.random.default_rng(0), _LENGTH.value
    text, alphabet = characters()
    training, held_out = np.split(text, [len(text) * 9 // 10])
    plain = plain_transformer(len(alphabet), length, blocks=_BLOCKS.value, width=_WIDTH.value)
    ends = [f"block_{index}" for index in range(_BLOCKS.value - 1)]
    model = models.attach_exits(plain, at=ends, num_classes=len(alphabet))
    model.compile(optimizer=keras.optimizers.Adam(3e-3, clipnorm=1.0), weighting="adaloss")
    data = windows(training, _STEPS.value * _BATCH.value, length, random)
    model.fit(*data, batch_size=_BATCH.value, shuffle=False, verbose=2)
    tests = windows(held_out, 256, length, random)
    batches = [(tests[0][k : k + 64], tests[1][k : k + 64]) for k in range(0, 256, 64)]
    curve = evaluation.anytime_curve(model, batches)
    curve["bits"] = curve.loss / math.log(2)
    print(curve[["exit", "macs", "fraction", "bits", "error_top1"]].round(3).to_string(index=False))
    print(sample(model, held_out[:length], alphabet, 60, length, random))
    if _SAVE.value:
        model.save(_SAVE.value)


if __name__ == "__main__":
    app.run(main)
