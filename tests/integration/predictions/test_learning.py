"""A whole training on a small simulated history: judged, kept, loaded, asked."""

import threading

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from sklearn.metrics import average_precision_score

from benchmarks.prediction import held_against_truth
from benchmarks.simulated import load, simulate
from predictions import registry
from predictions.choices import ModelAct, ModelStatus, TrainingStatus
from predictions.features import NAMES, features_of
from predictions.models import ModelVersion
from trades.models import Trade

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


def desk(*, trades=12_000, base_rate=0.06, seed=3):
    history = simulate(trades=trades, days=60, base_rate=base_rate, seed=seed)
    load(history)
    return history


def test_a_training_ends_in_a_model_that_is_in_force_and_can_be_asked(
    django_capture_on_commit_callbacks, capsys
):
    history = desk()

    with django_capture_on_commit_callbacks(execute=True):
        told = held_against_truth(history)

    version = ModelVersion.objects.get()
    assert version.status == ModelStatus.ACTIVE
    assert version.training.status == TrainingStatus.SUCCEEDED
    assert list(version.events.values_list("act", flat=True)) == [
        ModelAct.TRAINED, ModelAct.ACTIVATED,
    ]  # fmt: skip
    assert told["share_of_true"] > 0.6
    assert told["calibration_error"] < 0.03
    assert [one["name"] for one in version.features] == list(NAMES)
    moments = [version.split[name] for name in ("train", "calibration", "test")]
    assert moments[0]["to"] < moments[1]["from"] < moments[1]["to"] < moments[2]["from"]

    loaded = registry.active()
    trades = Trade.objects.order_by("-pk")[:200]
    frame = features_of(Trade.objects.filter(pk__in=[one.pk for one in trades]))
    answers = [None] * 4

    def ask(place):
        answers[place] = loaded.probabilities(frame)

    threads = [threading.Thread(target=ask, args=[place]) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(answers[0], one) for one in answers)
    assert ((answers[0] > 0) & (answers[0] < 1)).all()
    assert loaded.typical.keys() == set(NAMES)
    assert registry.active().estimator is loaded.estimator

    nothing_known = frame.copy()
    for name in NAMES:
        nothing_known[name] = "" if frame[name].dtype == "str" else np.nan
    assert np.isfinite(loaded.probabilities(nothing_known)).all()

    data = bytearray(registry.path().read_bytes())
    data[len(data) // 2] ^= 1
    registry.path().write_bytes(data)
    with pytest.raises(registry.ModelAltered):
        registry.active()


def test_one_that_is_not_better_leaves_no_file_and_says_why():
    """Breaks that nothing announces: no model is better than the base rate."""
    history = simulate(trades=6_000, days=60, base_rate=0.06, seed=8)
    history.broke[:] = np.random.default_rng(8).permutation(history.broke)
    load(history)

    with pytest.raises(CommandError, match=r"^No model was kept\."):
        call_command("train_break_model")

    version = ModelVersion.objects.get()
    assert (version.status, version.digest) == (ModelStatus.REFUSED, "")
    assert version.training.status == TrainingStatus.FAILED
    assert not registry.path().parent.exists()


def test_a_folder_that_cannot_be_written_to_is_told(settings, tmp_path):
    desk()
    settings.ML_ARTIFACTS = tmp_path / "a file"
    settings.ML_ARTIFACTS.write_text("")

    with pytest.raises(CommandError, match="name another folder in ML_MODEL_PATH"):
        call_command("train_break_model")
    assert not ModelVersion.objects.exists()


def test_the_simulation_says_what_it_is():
    history = simulate(trades=50_000, days=120, base_rate=0.02, seed=1)
    again = simulate(trades=50_000, days=120, base_rate=0.02, seed=1)

    assert (history.broke == again.broke).all()
    assert history.broke.mean() == pytest.approx(0.02, rel=0.1)
    amended = history.trades["amended_at"].notna().to_numpy()
    truth = np.where(amended, history.truth[:, 1], history.truth[:, 0])
    tenths = np.array_split(np.argsort(truth), 10)
    for part in tenths:
        assert history.broke[part].mean() == pytest.approx(truth[part].mean(), abs=0.006)
    assert average_precision_score(history.broke, truth) < 0.5
    assert timezone.now() > history.end
