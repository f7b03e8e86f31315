"""Several networks, one after the other, as one chain.

The first state is the image. Every other state is a list of up to three entries in this order:
`answer`, the logits to return if nothing more is computed; `features`, the state inside the member
that is running; and `image`, which is kept until the last member starts.
"""

import functools

import keras

from ann.ensembles.selection import last_selected, select_by_depth
from ann.layers import MeanProbabilities
from ann.models import MultiExitModel
from ann.models.unit_chain import chain_of_units


def EANN(members, selection=None, *, name="eann") -> MultiExitModel:
    """Joins anytime networks into an ensemble, which is itself an anytime network (001 section 4).

    In 001, the depths of the members grow exponentially. The members are computed in order, and
    each of their exits is an exit of the ensemble. A selected exit gives a new answer. At any other
    exit, the previous answer is kept. A member ends with its last selected exit, and heads that are
    not selected are left out. The ensemble shares its layers and weights with the members. They are
    not copied.

    Args:
        members: trained models (`MultiExitModel`) with functional segments and heads, and with the
            same input shape and classes.
        selection: the result of `select_by_depth` (the default), the result of
            `select_by_validation`, or other lists of the same form. The very first exit must be
            selected.
        name: name of the model.

    Returns:
        A chain. Costs, curves, saving, and loading work as for any `MultiExitModel`. Where an
        answer is kept, `macs_incremental` is the cost of that answer, and `macs_blockwise` is the
        cost of everything computed so far.

    Raises:
        ValueError: there are no members, they differ in input shape or number of classes, or the
            selection does not fit them.

    Example:
        >>> eann = EANN([models.build("resann-n1-c4"), models.build("resann-n2-c4")])
        >>> eann.num_exits
        9
    """
    members = _of_one_kind(members)
    if selection is None:
        selection = select_by_depth(members)
    selection = [list(chosen) for chosen in selection]
    _check(selection, members)
    lengths = [last_selected(chosen) + 1 for chosen in selection]
    links = [(j, k) for j, length in enumerate(lengths) for k in range(length)]
    steps = []
    for j, k in links:
        keep = ["answer"] + ["features"] * (k + 1 < lengths[j]) + ["image"] * (j < links[-1][0])
        step = functools.partial(_exit, member=members[j], index=k, selected=selection[j][k])
        steps.append((step, keep))
    return _chain(steps, members[0], name)


def linear_ensemble(members, *, name="linear_ensemble") -> MultiExitModel:
    """Joins plain networks of growing size, the baseline of EANN.

    The networks are computed one after the other, and each contributes only the answer of its final
    exit. The ensemble's answer is the average of the probabilities of the networks computed so far,
    as in the ensembles of Huang et al. (ICLR 2018), which 001 compares with.

    Args:
        members: models (`MultiExitModel`) with functional segments and heads, and the same input
            shape and classes, small to large.
        name: name of the model.

    Returns:
        A chain with one exit per member.

    Raises:
        ValueError: there are no members, or they differ in input shape or number of classes.

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
    """Computes one segment of a member, and its head if the exit is selected."""
    features = member.segments[index](state["image"] if index == 0 else state["features"])
    return {
        **state,
        "features": features,
        "answer": member.heads[index](features) if selected else state["answer"],
    }


def _whole_member(state, *, member, count):
    """Computes a plain network and adds its answer to the average."""
    features = state["image"]
    for segment in member.segments:
        features = segment(features)
    answer = member.heads[-1](features)
    if count > 1:
        answer = MeanProbabilities(count, name="mean_probabilities")([state["answer"], answer])
    return {**state, "answer": answer}


def _chain(steps, member, name):
    """Builds the chain.

    Args:
        steps: one pair per link: a function from state to state (dictionaries), and the names of
            the entries to keep in the new state.
        member: a member, for the shape of the input.
        name: name of the model.
    """
    units = []
    before = None
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
            "there must be members, all with the same input shape and number of classes. "
            f"Received: (input shape, classes) {sorted(kinds)}"
        )
    return members


def _check(selection, members):
    sizes = [len(chosen) for chosen in selection]
    exits = [member.num_exits for member in members]
    if sizes != exits:
        raise ValueError(
            f"selection must contain one boolean per exit; its lists must have lengths {exits}. "
            f"Received: selection with lists of lengths {sizes}"
        )
    if not selection[0][0]:
        raise ValueError(
            "the first exit must be selected, because there is no answer before it. "
            f"Received: selection={selection}"
        )
