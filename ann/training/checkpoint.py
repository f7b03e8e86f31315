"""The states of a training run on disk: the newest few and the best, each whole."""

import itertools
import logging
import pathlib
import re
import shutil

import keras
import numpy as np

from ann.atomic_write import atomic_path
from ann.training import state_file
from ann.training.position import Position

_LOG = logging.getLogger(__name__)
_REPLICAS = "replicas/"


class Checkpoints:
    """A folder of checkpoints: `checkpoint_000000123.state` after step 123, and
    `checkpoint_best.state`.

    A state holds all that training goes on from: weights, optimizer (with loss scale and averaged
    weights, if any), the state of the weighting and its sampler, seeds of layers, the metrics of
    the epoch in progress, and the `Position`. Each file carries a checksum and is read back before
    an older one goes. With several replicas (`tf.distribute`), what each of them gathers on its
    own, such as statistics of batch normalization, is saved for each.

    Random numbers that a layer draws from TensorFlow's global generator have no state that can be
    saved; layers of Keras have a generator of their own, which is saved.

    Args:
        folder: where they are; one process at a time may write there.
        keep: how many of the newest to keep.

    Raises:
        ValueError: `keep` is less than 1.
    """

    def __init__(self, folder, keep: int = 2):
        if keep < 1:
            raise ValueError(f"keep must be at least 1. Received: keep={keep}")
        self.folder = pathlib.Path(folder)
        self.keep = keep

    @property
    def best(self) -> pathlib.Path:
        """The checkpoint of the best epoch so far."""
        return self.folder / "checkpoint_best.state"

    def newest_first(self) -> list[pathlib.Path]:
        """The checkpoints by step, the best one aside."""
        return sorted(self.folder.glob("checkpoint_[0-9]*.state"), reverse=True)

    def save(self, model, position: Position, *, is_best: bool = False) -> None:
        """Writes a checkpoint, and removes those that are older than the newest `keep`.

        Args:
            model: a compiled Keras model.
            position: where training stands.
            is_best: whether to keep it as the best, too.

        Raises:
            OSError: it cannot be written, or not be read back; the earlier ones are untouched.
        """
        self.write(position, state_of(model), is_best=is_best)

    def write(self, position: Position, state, *, is_best: bool = False) -> None:
        """As `save`, of a state that was read before (`state_of`)."""
        path = self.folder / f"checkpoint_{position.steps_done:09d}.state"
        with atomic_path(path) as temporary:
            state_file.write(temporary, position.to_dict(), state)
            try:
                state_file.read(temporary)
            except state_file.DamagedStateError as error:
                raise OSError(f"what was written cannot be read back: {error}") from error
            if is_best:
                # First, so that no state remembers a best epoch whose weights are not on disk.
                with atomic_path(self.best) as copy:
                    shutil.copyfile(temporary, copy)
        for old in self.newest_first()[self.keep :]:
            old.unlink()

    def restore(self, model) -> Position | None:
        """Loads the newest checkpoint that is whole into a compiled model.

        A damaged one is renamed to `*.damaged`, the log says so, and the one before is taken. The
        log also says so if the number of replicas has changed: each begins with the mean over those
        of the checkpoint then.

        Returns:
            Where training stood; None where there is no checkpoint.

        Raises:
            ValueError: all are damaged, or the newest belongs to another model.
        """
        path, content = self.newest_whole()
        return load_state(model, content, path) if content else None

    def newest_whole(self) -> tuple[pathlib.Path | None, bytes]:
        """The newest checkpoint that is whole, as `restore` takes it, and its content; None and
        nothing where there is no checkpoint.

        Raises:
            ValueError: all are damaged.
        """
        paths = self.newest_first()
        for path in paths:
            content = path.read_bytes()
            try:
                state_file.parse(content, path)
            except state_file.DamagedStateError as error:
                _LOG.warning("%s. Going back to the checkpoint before it.", error)
                path.rename(path.with_suffix(".damaged"))
                continue
            return path, content
        if paths:
            raise ValueError(
                f"all {len(paths)} checkpoints in {self.folder} are damaged; "
                "the files are kept as *.damaged. Delete the folder to start over"
            )
        return None, b""

    def remove_leftovers(self) -> None:
        """Removes what writes that were killed have left."""
        for path in self.folder.glob(".partial-*"):
            path.unlink()


def load_state(model, content: bytes, path, *, each_replica: bool = True) -> Position:
    """Loads the content of a checkpoint into a compiled model.

    Args:
        model: a compiled Keras model.
        content: of the file.
        path: of the file, for the error's message.
        each_replica: False gives all replicas the same, where the file has values of each.

    Returns:
        Where training stood.

    Raises:
        ValueError: the checkpoint is damaged, or belongs to another model.
    """
    facts, arrays = state_file.parse(content, path)
    variables = _variables(model)
    _assign(variables, [pair for pair in arrays if not _is_of_replica(pair[0])], path)
    if each_replica:
        _assign_replicas(variables, [pair for pair in arrays if _is_of_replica(pair[0])])
    return Position.from_dict(facts)


def load_weights(model, path, *, averaged: bool = True) -> None:
    """Loads the weights of a checkpoint, such as the best one, into a model of its architecture.

    A checkpoint of a run with `ema` holds two sets: the averaged weights, which were evaluated, and
    those that training goes on from.

    Args:
        model: a Keras model, compiled or not.
        path: of a checkpoint.
        averaged: whether to take the averaged weights where there are any.

    Raises:
        ValueError: the checkpoint is damaged, or belongs to another model.

    Example: `load_weights(model, "runs/mine/checkpoints/checkpoint_best.state")`
    """
    _, arrays = state_file.read(path)
    held = [(name, array) for name, array in arrays if name.startswith("model/")]
    combiner = getattr(model, "loss_combiner", None)
    skipped = {id(variable) for variable in combiner.variables} if combiner else set()
    variables = [pair for pair in _model_variables(model) if id(pair[1]) not in skipped]
    _assign(variables, held, path)
    averages = [array for name, array in arrays if re.fullmatch("optimizer/.*_average", name)]
    if averaged and averages:
        _assign_averages(model, variables, averages, path)


def _assign_averages(model, variables, averages, path):
    """The averages are in the order of the variables that were trained; after those of the network
    come those of a learned weighting."""
    for trained in _may_be_trained(model, variables):
        held = averages[: len(trained)]
        if [array.shape for array in held] == [tuple(variable.shape) for variable in trained]:
            break
    else:
        raise ValueError(
            "the averaged weights are of other variables than this model trains; averaged=False "
            f"loads those that were not averaged. Received: path={str(path)!r}"
        )
    for variable, average in zip(trained, held, strict=True):
        variable.assign(average)


def _may_be_trained(model, variables):
    """Yields what the training modes train: all, the heads, or the last segment and its head."""
    yield [variable for _, variable in variables if variable.trainable]
    heads, segments = getattr(model, "heads", []), getattr(model, "segments", [])
    for links in (heads, [*segments[-1:], *heads[-1:]]):
        yield [variable for link in links for variable in link.trainable_variables]


def state_of(model, *, each_replica: bool = True) -> list[tuple[str, np.ndarray]]:
    """All variables of a compiled model, its optimizer and its metrics, by kind and name; then with
    `each_replica` the values of each, where they differ."""
    variables = _variables(model)
    whole = [(name, _read(v)) for name, v in variables]
    if not each_replica:
        return whole
    return whole + [
        pair for index, (_, v) in enumerate(variables) for pair in _of_replicas(index, v)
    ]


def _variables(model):
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    groups = {
        "combiner": model.loss_combiner.variables if hasattr(model, "loss_combiner") else [],
        "optimizer": model.optimizer.variables,
        "metrics": model.metrics_variables,
    }
    rest = [(_name(kind, v), v) for kind, group in groups.items() for v in group]
    seen = {id(variable) for _, variable in rest}
    return [pair for pair in _model_variables(model) if id(pair[1]) not in seen] + rest


def _model_variables(model):
    return [(_name("model", variable), variable) for variable in model.variables]


def _name(kind, variable):
    """Kind and name, without the numbers that Keras gives to layers: they depend on what the
    process made before.
    """
    return f"{kind}/{re.sub('_[0-9]+', '', variable.name)}"


def _read(variable) -> np.ndarray:
    """A copy of a variable's value."""
    if keras.config.backend() == "tensorflow" and not hasattr(variable.value, "values"):
        import tensorflow as tf

        # What `convert_to_numpy` does takes ten times as long, and there are hundreds of variables.
        value = variable.value
        return tf.raw_ops.ReadVariableOp(resource=value.handle, dtype=value.dtype).numpy()
    return keras.ops.convert_to_numpy(variable)


def _components(variable):
    """What a variable is made of, one `tf.Variable` per replica; nothing where there is one, or
    where other processes have some of them."""
    # What is trained is equal on all of them, and reading it would take time.
    parts = () if variable.trainable else getattr(variable.value, "values", ())
    whole = parts and variable.value.distribute_strategy.num_replicas_in_sync == len(parts)
    return parts if whole else ()


def _of_replicas(index, variable):
    arrays = [keras.ops.convert_to_numpy(one) for one in _components(variable)]
    if all(np.array_equal(array, arrays[0], equal_nan=True) for array in arrays):
        return []
    return [(f"{_REPLICAS}{index}/{replica}", array) for replica, array in enumerate(arrays)]


def _is_of_replica(name):
    return name.startswith(_REPLICAS)


def _assign_replicas(variables, arrays):
    saved = 1 + max((int(name.split("/")[2]) for name, _ in arrays), default=0)
    present = max((len(_components(variable)) for _, variable in variables), default=0) or 1
    if saved > 1 and saved != present:
        _LOG.warning(
            "The checkpoint is of %d replicas and training goes on with %d: statistics of batch "
            "normalization begin with their mean, so the results are not equal bit by bit.",
            saved,
            present,
        )
        return
    for name, array in arrays:
        _, index, replica = name.split("/")
        _components(variables[int(index)][1])[int(replica)].assign(array)


def _assign(variables, arrays, path):
    dtype = keras.backend.standardize_dtype
    expected = [_described(name, dtype(v.dtype), v) for name, v in variables]
    found = [_described(name, array.dtype.name, array) for name, array in arrays]
    for one, other in itertools.zip_longest(found, expected):
        if one != other:
            raise ValueError(
                f"the checkpoint belongs to another model: it has {one} in place of {other}. "
                f"Received: path={str(path)!r}"
            )
    for (_, variable), (_, array) in zip(variables, arrays, strict=True):
        variable.assign(array)


def _described(name, dtype, values):
    # Counts are int64 on TensorFlow and int32 on JAX: a run may change its engine.
    if not tuple(values.shape) and dtype in ("int32", "int64"):
        dtype = "integer"
    return f"{name} {dtype} {tuple(values.shape)}"
