"""Several networks, one after the other, as one chain.

The first state is the image; the others are lists of, in this order, `answer`, the logits to give
if nothing more is computed, `features`, the state inside the member that runs, and `image`, kept
until the last member starts.
"""

import functools

import keras

from ann.ensembles.selection import last_selected, select_by_depth
from ann.layers import MeanProbabilities
from ann.models import MultiExitModel
from ann.models.unit_chain import chain_of_units


def EANN(members, selection=None, *, name="eann") -> MultiExitModel:
    """An ensemble of exponentially deepening anytime networks (001 section 4), itself an anytime
    network.

    The members are computed in order. Each of their exits is an exit of the ensemble: a selected
    one gives a new answer, at the others the one before it stands. A member ends with its last
    selected exit, and heads that are not selected are left out. The layers are those of the
    members, weights included, not copies.

    Args:
        members: trained `MultiExitModel`s of functional links, of the same input and classes.
        selection: `select_by_depth` (the default), `select_by_validation`, or any such lists; the
            very first exit is selected.
        name: of the model.

    Returns:
        The chain; costs, curves, saving and loading are those of any `MultiExitModel`. Where an
        answer stands, `macs_incremental` is what that answer cost and `macs_blockwise` what has
        been computed by then.

    Raises:
        ValueError: no members, members that differ in input or classes, a selection that does not
            fit them.

    Example:
        >>> eann = EANN([models.build("resann-n1-c4"), models.build("resann-n2-c4")])
        >>> eann.num_exits
        9
    """
    members = _of_one_kind(members)
    selection = (
        select_by_depth(members) if selection is None else [list(chosen) for chosen in selection]
    )
    _check(selection, members)
    lengths = [last_selected(chosen) + 1 for chosen in selection]
    links = [(j, k) for j, length in enumerate(lengths) for k in range(length)]
    steps = []
    for j, k in links:
        keep = ["answer"] + ["features"] * (k + 1 < lengths[j]) + ["image"] * (j < links[-1][0])
        steps.append(
            (functools.partial(_exit, member=members[j], index=k, selected=selection[j][k]), keep)
        )
    return _chain(steps, members[0], name)


def linear_ensemble(members, *, name="linear_ensemble") -> MultiExitModel:
    """The baseline: plain networks of growing size, one after the other, one answer each, for its
    final exit alone.

    Each answer is the average of the probabilities of the networks so far, as in the ensembles of
    Huang et al. (ICLR 2018) that 001 compares with.

    Args:
        members: `MultiExitModel`s of functional links, of the same input and classes, small to
            large.
        name: of the model.

    Returns:
        A chain with an exit for each member.

    Raises:
        ValueError: no members, or members that differ in input or classes.

    Example:
        >>> linear_ensemble([models.build("resann-n1-c4"), models.build("resann-n2-c4")]).num_exits
        2
    """
    members = _of_one_kind(members)
    steps = []
    for count, member in enumerate(members, 1):
        keep = ["answer"] + ["image"] * (count < len(members))
        steps.append((functools.partial(_whole_member, member=member, count=count), keep))
    return _chain(steps, members[0], name)


def _exit(state, *, member, index, selected):
    """One segment of a member, and its head where the answer is wanted."""
    features = member.segments[index](state["image"] if index == 0 else state["features"])
    return {
        **state,
        "features": features,
        "answer": member.heads[index](features) if selected else state["answer"],
    }


def _whole_member(state, *, member, count):
    """A plain network, and its part in the average."""
    features = state["image"]
    for segment in member.segments:
        features = segment(features)
    answer = member.heads[-1](features)
    if count > 1:
        answer = MeanProbabilities(count, name="mean_probabilities")([state["answer"], answer])
    return {**state, "answer": answer}


def _chain(steps, member, name):
    """The chain of `steps`: functions from state to state as dictionaries, each with the entries that its state keeps."""
    units, before = [], None
    for step, keep in steps:
        units.append(functools.partial(_unit, step=step, before=before, keep=keep))
        before = keep
    return chain_of_units(units, range(len(units)), _answer_head, member.sample_shape, name=name)


def _unit(state, *, step, before, keep):
    after = step({"image": state} if before is None else dict(zip(before, state, strict=True)))
    return [after[role] for role in keep]


def _answer_head(state, name):
    inputs = keras.tree.map_structure(
        lambda tensor: keras.Input(tensor.shape[1:], dtype=tensor.dtype), state
    )
    return keras.Model(inputs, inputs[0], name=name)


def _of_one_kind(members):
    members = list(members)
    kinds = {(member.sample_shape, member.num_classes) for member in members}
    if len(kinds) != 1:
        raise ValueError(
            f"members must exist and have the same input and classes. Received: (input, classes) {sorted(kinds)}"
        )
    return members


def _check(selection, members):
    sizes, exits = [len(chosen) for chosen in selection], [member.num_exits for member in members]
    if sizes != exits:
        raise ValueError(
            f"the selection must have a boolean for each exit, {exits}. Received: selection of lengths {sizes}"
        )
    if not selection[0][0]:
        raise ValueError(
            f"the first exit must be selected: there is no answer before it. Received: selection={selection}"
        )
