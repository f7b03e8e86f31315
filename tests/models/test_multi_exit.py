import sys

import keras
import numpy as np
import pytest

from ann import losses, models
from ann.models import MultiExitModel

X = np.random.default_rng(0).normal(size=(20, 8, 8, 3)).astype("float32")
Y = np.random.default_rng(1).integers(0, 10, 20)


def small(**kwargs):
    return models.build("resann-n1-c4", input_shape=(8, 8, 3), **kwargs)


def dense():
    """A chain of as many exits, for what is the same with any links: a third of the time."""
    segments, heads, shape = [], [], (8, 8, 3)
    for _ in range(3):
        layers = (keras.layers.Flatten(), keras.layers.Dense(8), keras.layers.BatchNormalization())
        segments.append(keras.Sequential([keras.Input(shape), *layers]))
        heads.append(keras.Sequential([keras.Input((8,)), keras.layers.Dense(10)]))
        shape = (8,)
    return MultiExitModel(segments, heads, (8, 8, 3))


def test_the_chain_by_hand():
    model = small()
    state, logits = X, []
    for segment, head in zip(model.segments, model.heads, strict=True):
        state = segment(state)
        logits.append(head(state))
    for mine, folded in zip(model(X), logits, strict=True):
        np.testing.assert_allclose(mine, folded, atol=1e-6)
    assert model.exit_names == ["exit_00", "exit_01", "exit_02"]
    assert model.built


def test_shapes_and_types_are_read_from_the_links(monkeypatch):
    def call(self, inputs, training=None):
        raise AssertionError("building traces the network")

    monkeypatch.setattr(MultiExitModel, "call", call)
    for policy in ("float32", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        logits = small()(keras.Input((8, 8, 3)))
        assert [(one.shape, one.dtype) for one in logits] == [((None, 10), "float32")] * 3


@pytest.mark.parametrize("labels", [Y, Y[:, None], np.eye(10, dtype="float32")[Y]])
def test_fit_evaluate_predict_with_plain_labels(labels):
    model = dense()
    model.compile(optimizer=keras.optimizers.SGD(0.05), weighting="linear")
    history = model.fit(
        X, labels, batch_size=10, epochs=2, validation_data=(X, labels), verbose=0
    ).history
    assert set(history) >= {
        "loss",
        "average_error",
        "final_error",
        "exit_02_loss",
        "val_exit_00_error",
        "val_final_error",
    }
    results = model.evaluate(X, labels, verbose=0, return_dict=True)
    logits = model.predict(X, verbose=0)
    assert [one.shape for one in logits] == [(20, 10)] * 3
    assert results["final_error"] == pytest.approx(
        100 * np.mean(logits[-1].argmax(1) != Y), abs=1e-4
    )
    exit_losses = [results[f"exit_{k:02d}_loss"] for k in range(3)]
    assert results["loss"] == pytest.approx(np.dot(exit_losses, [0.25, 0.625, 1]), rel=1e-4)


def test_training_lowers_the_loss():
    model = dense()
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), weighting="adaloss")
    history = model.fit(X, Y, batch_size=10, epochs=15, verbose=0).history["exit_02_loss"]
    assert history[-1] < 0.5 * history[0]


def test_the_training_step_is_traced_once(monkeypatch):
    model, traced = dense(), []
    call = MultiExitModel.call
    monkeypatch.setattr(
        MultiExitModel, "call", lambda *args, **kwargs: traced.append(1) or call(*args, **kwargs)
    )
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), weighting="const")
    model.fit(X, Y, batch_size=10, epochs=2, verbose=0)
    assert len(traced) == 1


def test_sample_weights_scale_the_loss():
    model = dense()
    model.compile(weighting="const")
    plain, halved = (
        model.evaluate(X, Y, sample_weight=w, verbose=0, return_dict=True)
        for w in (None, np.full(20, 0.5))
    )
    assert halved["loss"] == pytest.approx(plain["loss"] / 2, rel=1e-5)
    assert halved["exit_00_loss"] == pytest.approx(plain["exit_00_loss"], rel=1e-5)


def test_saved_and_loaded_it_goes_on_as_if_nothing_had_happened(tmp_path):
    model = small()
    model.compile(
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9), weighting=losses.AdaLoss(gamma=0.2)
    )
    model.fit(X, Y, batch_size=10, epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(loaded.predict(X, verbose=0), model.predict(X, verbose=0), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert loaded.loss_combiner.scheme.gamma == 0.2
    for one in (model, loaded):
        one.fit(X, Y, batch_size=10, epochs=1, shuffle=False, verbose=0)
    for mine, theirs in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6, err_msg=theirs.path)


def test_an_uncompiled_model_saves_and_loads(tmp_path):
    model = small(preset="author_code")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(X)[-1], model(X)[-1])
    assert len(loaded.heads[0].weights) == 2  # the preset's heads
    assert not loaded.compiled


def test_weighting_state_survives_a_crash_with_kerass_own_callback(tmp_path):
    """BackupAndRestore needs a model built in its constructor (design fact 6)."""

    class Crash(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def run(*callbacks):
        keras.utils.set_random_seed(0)
        model = dense()
        model.compile(optimizer=keras.optimizers.SGD(0.05), weighting="adaloss")
        model.fit(
            X, Y, batch_size=10, epochs=3, shuffle=False, verbose=0, callbacks=list(callbacks)
        )
        return model

    whole = run()
    with pytest.raises(KeyboardInterrupt):
        run(keras.callbacks.BackupAndRestore(tmp_path / "backup"), Crash())
    resumed = run(keras.callbacks.BackupAndRestore(tmp_path / "backup"))
    assert int(resumed.loss_combiner.state["steps"]) == 6
    for mine, theirs in zip(resumed.weights, whole.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6, err_msg=theirs.path)


def test_compiling_again_starts_the_weighting_afresh():
    model = dense()
    model.compile(weighting="adaloss")
    model.fit(X, Y, verbose=0)
    model.compile(weighting="const")
    assert len(model.weights) == len(dense().weights) + 1  # the combiner's exit weights
    model.compile(weighting="adaloss")
    assert int(model.loss_combiner.state["steps"]) == 0
    model.fit(X, Y, verbose=0)


def test_the_network_up_to_an_exit_trains_as_the_whole_one_does_for_it():
    def logits(cut):
        keras.utils.set_random_seed(3)
        model = cut(small())
        model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), weighting=losses.Opt(at=1))
        model.fit(X, Y, batch_size=10, epochs=3, shuffle=False, verbose=0)
        return model.predict(X, verbose=0)

    whole, cut = logits(lambda model: model), logits(lambda model: model.up_to(1))
    assert len(cut) == 2
    np.testing.assert_allclose(cut[1], whole[1], atol=1e-5)


def test_the_network_up_to_an_exit_shares_the_links():
    model = small()
    assert [model.up_to(exit).num_exits for exit in (0, 2, -1, -3)] == [1, 3, 3, 1]
    assert model.up_to(-2).segments == model.segments[:2]
    for wrong in (3, -4):
        with pytest.raises(ValueError, match=f"exits 0..2, or negative .*Received: exit={wrong}"):
            model.up_to(wrong)


def test_opt_trains_nothing_behind_its_exit():
    model = small()
    before = [
        w.numpy() for w in (*model.segments[2].trainable_weights, *model.heads[0].trainable_weights)
    ]
    model.compile(optimizer=keras.optimizers.SGD(0.1), weighting=losses.Opt(at=1))
    model.fit(X, Y, verbose=0)
    after = (*model.segments[2].trainable_weights, *model.heads[0].trainable_weights)
    for mine, theirs in zip(after, before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert np.abs(model.heads[1].get_layer("linear").bias.numpy()).sum() > 0


def test_gradients_reach_every_variable():
    import tensorflow as tf

    model = small()
    model.compile(weighting="const")
    with tf.GradientTape() as tape:
        loss = model.compute_loss(X, Y, model(X, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    assert all(g is not None and float(tf.reduce_sum(tf.abs(g))) > 0 for g in gradients)


def test_mixed_precision_keeps_logits_float32_and_states_bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = small()
    model.compile(optimizer=keras.optimizers.SGD(0.1), weighting="adaloss")
    model.fit(X, Y, verbose=0)
    assert keras.backend.standardize_dtype(model.segments[0](X).dtype) == "bfloat16"
    assert {keras.backend.standardize_dtype(logits.dtype) for logits in model(X)} == {"float32"}
    assert {w.dtype for w in model.trainable_weights} == {"float32"}


def test_states_may_be_structures():
    """MSDNet's state is a list of maps: the chain does not look inside."""
    one = keras.Input((4,))
    split = keras.Model(one, [keras.layers.Dense(3)(one), keras.layers.Dense(2)(one)])
    left, right = keras.Input((3,)), keras.Input((2,))
    swap = keras.Model([left, right], [keras.layers.Dense(2)(right), keras.layers.Dense(3)(left)])
    head_a = keras.Model(
        [left, right], keras.layers.Dense(5)(keras.layers.Concatenate()([left, right]))
    )
    left, right = keras.Input((2,)), keras.Input((3,))
    head_b = keras.Model(
        [left, right], keras.layers.Dense(5)(keras.layers.Concatenate()([left, right]))
    )
    model = MultiExitModel([split, swap], [head_a, head_b], (4,))
    model.compile(weighting="adaloss")
    model.fit(np.ones((6, 4), "float32"), np.zeros(6, int), verbose=0)


def test_the_progress_bar_shows_the_summary_only(capfd):
    model = small()
    model.compile(weighting="const")
    model.fit(X, Y, validation_data=(X, Y), verbose=2)
    model.evaluate(X, Y, verbose=2)
    printed = capfd.readouterr().out
    assert "val_final_error" in printed
    assert "exit_00" not in printed


@pytest.mark.parametrize("heads", [[], ["one"]])
def test_links_that_do_not_match_are_refused(heads):
    model = small()
    with pytest.raises(ValueError, match=rf"Received: 3 segments, {len(heads)} heads"):
        MultiExitModel(model.segments, model.heads[: len(heads)], (8, 8, 3))


def test_heads_of_different_widths_are_refused():
    segments = [keras.layers.Dense(4), keras.layers.Dense(4)]
    with pytest.raises(ValueError, match=r"Received: \[2, 3\]"):
        MultiExitModel(segments, [keras.layers.Dense(2), keras.layers.Dense(3)], (4,))


@pytest.mark.parametrize("option", ["loss_weights", "weighted_metrics"])
def test_weights_of_keras_are_refused_with_the_reason(option):
    with pytest.raises(ValueError, match=f"weighted by `weighting`.*Received: {option}='x'"):
        small().compile(**{option: "x"})


def test_labels_outside_the_classes_stop_the_first_step():
    model = small(num_classes=3)
    model.compile(weighting="const")
    with pytest.raises(Exception, match="label"):
        model.fit(X, Y, verbose=0)


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match="with one class every answer is right.*num_classes=1"):
        small(num_classes=1).compile()


@pytest.mark.parametrize("shape", [(20,), (20, 1)])
def test_class_indices_that_are_not_integers_are_refused(shape):
    model = small()
    model.compile(weighting="const")
    with pytest.raises(ValueError, match="which are integers .*Received: .*float32"):
        model.fit(X, (Y + 0.7).astype("float32").reshape(shape), verbose=0)


def test_lists_of_results_are_in_the_order_of_the_names():
    model = small()
    model.compile(weighting="linear")
    named = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert model.metrics_names[:3] == ["loss", "average_error", "final_error"]
    assert sorted(named) == sorted(model.metrics_names)
    assert model.evaluate(X, Y, verbose=0) == [named[name] for name in model.metrics_names]
    results = dict(zip(model.metrics_names, model.test_on_batch(X, Y), strict=True))
    assert results["final_error"] == pytest.approx(named["final_error"])


def test_callbacks_that_monitor_need_no_mode(tmp_path):
    model = small()
    model.compile(weighting="const", optimizer=keras.optimizers.SGD(0.0))  # nothing gets better
    stopping = keras.callbacks.EarlyStopping("val_final_error", patience=2)
    slowing = keras.callbacks.ReduceLROnPlateau("exit_01_loss", patience=1, min_lr=0.0)
    saving = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras", monitor="val_average_error", save_best_only=True
    )
    callbacks = [stopping, slowing, saving]
    history = model.fit(
        X, Y, validation_data=(X, Y), epochs=9, verbose=0, callbacks=callbacks
    ).history
    assert len(history["loss"]) == 3
    assert (tmp_path / "best.keras").exists()


def test_compile_options_are_saved_with_the_model(tmp_path):
    model = small()
    model.compile(weighting="const", jit_compile=False, steps_per_execution=2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.jit_compile, loaded.steps_per_execution) == (False, 2)
    model.compile(weighting="const")
    assert "jit_compile" not in model.get_compile_config()  # "auto" is decided where it is loaded


def test_heads_train_alone_and_every_layer_keeps_its_flag(tmp_path):
    model = small()
    model.segments[0].layers[-1].trainable = False
    flags = [layer.trainable for segment in model.segments for layer in segment.layers]
    joint = len(model.trainable_variables)
    model.compile(weighting="uncertainty", training_mode="heads", optimizer="sgd")
    in_heads = [v for head in model.heads for v in head.trainable_variables]
    assert len(model.trainable_variables) == len(in_heads) + 1  # and the learned weights
    fixed = len(model.non_trainable_variables)
    assert len(model.variables) == len(model.trainable_variables) + fixed
    before = [segment.get_weights() for segment in model.segments]
    heads = [head.get_weights() for head in model.heads]
    model.fit(X, Y, verbose=0)
    for segment, weights in zip(model.segments, before, strict=True):
        for mine, theirs in zip(segment.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(mine, theirs)  # moving statistics, too
    for head, weights in zip(model.heads, heads, strict=True):
        assert any((a != b).any() for a, b in zip(head.get_weights(), weights, strict=True))
    model.save(tmp_path / "heads.keras")
    for one in (model, keras.saving.load_model(tmp_path / "heads.keras")):
        assert one.training_mode == "heads"
        one.compile(weighting="const", training_mode="joint")
        assert [layer.trainable for s in one.segments for layer in s.layers] == flags
        assert len(one.trainable_variables) == joint
        one.fit(X, Y, verbose=0)


def test_the_mode_last_trains_the_last_segment_and_its_head(random):
    x, y = random.normal(size=(8, 8, 8, 3)).astype("float32"), np.arange(8)
    model = models.build("resann-n1-c4", input_shape=(8, 8, 3))
    model.compile(optimizer="sgd", training_mode="last")
    links = [*model.segments, *model.heads]
    before = [link.get_weights() for link in links]
    model.fit(x, y, batch_size=4, verbose=0)
    changed = [
        any((old != new).any() for old, new in zip(weights, link.get_weights(), strict=True))
        for weights, link in zip(before, links, strict=True)
    ]
    assert changed == 2 * [False, False, True]


def test_loading_imports_the_optimizer_of_a_run(dense_chain, tmp_path, monkeypatch):
    from ann.training import L2SGD

    model = dense_chain()
    model.compile(optimizer=L2SGD(0.1))
    model.save(tmp_path / "model.keras")
    # As in a process that has imported `ann.models` alone.
    monkeypatch.delitem(keras.saving.get_custom_objects(), "ann>L2SGD")
    monkeypatch.delitem(sys.modules, "ann.training.optimizer")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer).__name__ == "L2SGD"
    assert loaded.optimizer.get_config() == model.optimizer.get_config()


def test_the_input_shape_is_that_of_a_batch(dense_chain):
    assert dense_chain().input_shape == (None, 4)
    assert small().input_shape == (None, 8, 8, 3)
