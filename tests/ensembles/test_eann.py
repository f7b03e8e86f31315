import keras
import numpy as np
import pytest

from ann import costs, data, ensembles, evaluation, models

SHAPE = (8, 8, 3)
X = np.random.default_rng(0).normal(size=(6, *SHAPE)).astype("float32")


@pytest.fixture(scope="module")
def members():
    return [models.build(f"resann-n{n}-c{c}", input_shape=SHAPE) for n, c in ((1, 2), (2, 4))]


def assert_answers(model, expected):
    for actual, wanted in zip(model(X), expected, strict=True):
        np.testing.assert_allclose(actual, wanted, atol=1e-6)


def test_by_depth_a_member_answers_until_the_next_one_is_deeper(members):
    small, large = (member(X) for member in members)
    eann = ensembles.EANN(members)
    # Exits 3, 4, and 5 of the larger network are deeper than the 3 units of the smaller one.
    assert_answers(eann, [*small, small[2], small[2], small[2], *large[3:]])
    assert eann.exit_names[-1] == "exit_08"
    assert (eann.num_classes, eann.sample_shape) == (10, SHAPE)


def test_by_validation_a_member_ends_with_its_last_selected_exit(members):
    small, large = (member(X) for member in members)
    selection = ensembles.select_by_validation([[60, 50, 55], [58, 52, 49, 49, 45, 46]])
    eann = ensembles.EANN(members, selection)
    assert_answers(eann, [small[0], small[1], small[1], small[1], large[2], large[2], large[4]])


def test_a_member_without_a_selected_exit_is_left_out(members):
    eann = ensembles.EANN(members, [[True] * 3, [False] * 6])
    assert_answers(eann, members[0](X))
    macs = [costs.profile(model).macs_blockwise.iloc[-1] for model in (eann, members[0])]
    assert macs[0] == macs[1]


def test_states_contain_only_what_later_segments_need(members):
    # A state has answer, features, and image. There are no features at the end of a member and no
    # image in the last member.
    lengths = [len(segment.output) for segment in ensembles.EANN(members).segments]
    assert lengths == [3, 3, 2, 2, 2, 2, 2, 2, 1]


def test_costs_by_hand(members):
    small, large = (costs.profile(member) for member in members)
    heads = np.array([40, 40, 80, 80, 160, 160])  # Width x 10 classes at each exit of n = 2, c = 4.
    assert large.macs_incremental.iloc[-1] - large.macs_pruned.iloc[-1] == heads[:-1].sum()
    profile = costs.profile(ensembles.EANN(members))
    segments = large.macs_blockwise.to_numpy() - heads.cumsum()  # The larger network, no heads.
    total = small.macs_blockwise.iloc[-1]
    computed = [
        *small.macs_blockwise,
        *(total + segments[:3]),
        *(total + segments[3:] + heads[3:].cumsum()),
    ]
    assert profile.macs_blockwise.tolist() == computed
    held = [total] * 3
    assert profile.macs_incremental.tolist() == [*small.macs_incremental, *held, *computed[-3:]]
    # To compute a single answer, only its own network is needed, up to its exit.
    held = [small.macs_pruned.iloc[-1]] * 3
    assert profile.macs_pruned.tolist() == [*small.macs_pruned, *held, *large.macs_pruned[3:]]
    # Three biases, and three times a kernel and the two vectors of the normalization.
    unused_heads = 3 * 10 + (40 + 8 + 40 + 8 + 80 + 16)
    assert profile.params.iloc[-1] == small.params.iloc[-1] + large.params.iloc[-1] - unused_heads


def test_curve_saving_and_loading_work_as_for_any_chain(tmp_path):
    digits = data.load("digits")
    members = [models.build(f"resann-n{n}-c2", input_shape=digits.image_shape) for n in (1, 2)]
    batches = data.evaluation_batches(digits, 180)
    eann = ensembles.EANN(members)
    curve = evaluation.anytime_curve(eann, batches)
    last = evaluation.anytime_curve(members[1], batches)
    assert curve.error_top1.tolist()[-3:] == last.error_top1.tolist()[-3:]
    assert curve.macs.tolist() == costs.profile(eann).macs_incremental.tolist()
    eann.save(tmp_path / "eann.keras")
    loaded = keras.saving.load_model(tmp_path / "eann.keras")
    assert costs.profile(loaded).equals(costs.profile(eann))
    x, _ = next(iter(batches))
    state = x  # An exported chain is run in the same way, one link at a time.
    for segment, head, logits in zip(loaded.segments, loaded.heads, eann(x), strict=True):
        state = segment(state)
        np.testing.assert_allclose(head(state), logits, atol=1e-6)


def test_members_may_have_structured_states_or_be_eanns():
    msdnet = models.build("msdnet-cifar-b2", input_shape=(16, 16, 3), channels=4, growth=2)
    resann = models.build("resann-n1-c2", input_shape=(16, 16, 3))
    x = np.random.default_rng(0).normal(size=(2, 16, 16, 3)).astype("float32")
    inner = ensembles.EANN([resann, msdnet], [[True, False, True], [False, True]])
    selection = [[True, False, True, False, True], [False, False, True]]
    outer = ensembles.EANN([inner, resann], selection)
    first, _, last = resann(x)
    expected = [first, first, last, last, *[msdnet(x)[1]] * 3, last]
    for actual, wanted in zip(outer(x), expected, strict=True):
        np.testing.assert_allclose(actual, wanted, atol=1e-5)
    costs.profile(outer)


def test_a_linear_ensemble_averages_the_probabilities_of_the_networks_so_far(members, tmp_path):
    members = [*members, models.build("resann-n1-c4", input_shape=SHAPE)]
    finals = [member(X)[-1] for member in members]
    probabilities = np.stack([keras.ops.softmax(logits) for logits in finals])
    ensemble = ensembles.linear_ensemble(members)
    averages = [probabilities[:2].mean(0), probabilities.mean(0)]
    assert_answers(ensemble, [finals[0], *np.log(averages)])
    plain = [costs.profile(member).macs_pruned.iloc[-1] for member in members]
    assert costs.profile(ensemble).macs_incremental.tolist() == np.cumsum(plain).tolist()
    ensemble.save(tmp_path / "ensemble.keras")
    assert_answers(keras.saving.load_model(tmp_path / "ensemble.keras"), ensemble(X))


def test_members_and_selections_that_do_not_fit_are_refused(members):
    with pytest.raises(
        ValueError,
        match=r"Received: \(input shape, classes\) \[\(\(8, 8, 3\), 5\), \(\(8, 8, 3\), 10\)\]",
    ):
        ensembles.EANN([members[0], models.build("resann-n2-c4", input_shape=SHAPE, num_classes=5)])
    with pytest.raises(ValueError, match=r"Received: \(input shape, classes\) \[\]"):
        ensembles.linear_ensemble([])
    with pytest.raises(ValueError, match=r"\[3, 6\]. Received: .* lengths \[3, 3\]"):
        ensembles.EANN(members, [[True] * 3] * 2)
    with pytest.raises(ValueError, match="first exit must be selected"):
        ensembles.EANN(members, [[False, True, True], [True] * 6])
