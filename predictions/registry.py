"""
The model in force, as it lies on disk: loaded only if its bytes are the registered ones.

`active` is what scoring asks. The bytes are read and their digest compared before anything looks
into them, and they are read by skops with the types named in `TRUSTED` and no others.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from django.conf import settings

from predictions.choices import ModelStatus
from predictions.models import ModelVersion

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# What a model file may hold beside what skops trusts by itself; anything else is refused.
TRUSTED = (
    "numpy.dtype",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.frozen._frozen.FrozenEstimator",
)
KEPT = "versions"
_STATES = Literal["ok", "absent", "altered"]


class ModelAbsent(Exception):
    """There is no model to score with; the sentence says what to do."""


class ModelAltered(Exception):
    """The file is not the one that was registered; the sentence says what to do."""


class ModelNotKept(Exception):
    """A trained model cannot be written; the sentence says where and what to do."""


@dataclass(frozen=True)
class Loaded:
    """The model in force; it may be asked by several threads at once."""

    version: ModelVersion
    estimator: Any

    @property
    def typical(self) -> dict[str, Any]:
        """Return what each feature usually is, by name."""
        return self.version.typical

    def probabilities(self, frame: "pd.DataFrame") -> "np.ndarray":
        """Return the calibrated probability that each trade of `features_of` breaks."""
        names = [one["name"] for one in self.version.features]
        # Threads that wait for one another at each of the trees cost more than they save.
        with _pools().limit(limits=1, user_api="openmp"):
            found: np.ndarray = self.estimator.predict_proba(frame[names])[:, 1]
        return found


@cache
def _pools() -> Any:
    """Return what holds the thread pools of this process; called once a model is loaded."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


_loaded: dict[str, Any] = {}
_lock = Lock()


def active() -> Loaded:
    """
    Return the model in force, loaded once for each digest.

    :raises ModelAbsent: if none is in force, or its file is not there.
    :raises ModelAltered: if the file has other bytes than were registered.
    """
    version = ModelVersion.objects.filter(status=ModelStatus.ACTIVE).first()
    data = _bytes(version)
    assert version is not None  # noqa: S101  without one there are no bytes
    return Loaded(version, _estimator(version.digest, data))


def state() -> _STATES:
    """Tell whether there is a model, without looking into it; quick enough for health."""
    if not path().exists():
        return "absent"
    try:
        _bytes(ModelVersion.objects.filter(status=ModelStatus.ACTIVE).first())
    except ModelAbsent:
        return "absent"
    except ModelAltered:
        return "altered"
    return "ok"


def problem() -> str:
    """Say in a sentence why there is no model to score with; empty where there is one."""
    try:
        _bytes(ModelVersion.objects.filter(status=ModelStatus.ACTIVE).first())
    except (ModelAbsent, ModelAltered) as found:
        return str(found)
    return ""


def path() -> Path:
    """Return where the model in force lies."""
    return Path(settings.ML_ARTIFACTS) / settings.BREAK_PREDICTION_MODEL


def _bytes(version: ModelVersion | None) -> bytes:
    try:
        data = path().read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ModelAbsent(_absent(version)) from None
    except OSError as problem:
        raise ModelAltered(f"{path().name} cannot be read ({problem.strerror}).") from problem
    if version is None:
        raise ModelAltered(
            f"{path().name} belongs to no model that is in force, so it is not loaded. Activate a "
            "model, or train one: manage.py train_break_model."
        )
    if digest_of(data) != version.digest:
        raise ModelAltered(
            f"{path().name} is not the file that was registered as {version}, so it is not "
            f"loaded. Open {version} and put its file back, or activate another model."
        )
    return data


def _absent(version: ModelVersion | None) -> str:
    if version is None:
        return (
            "There is no break-prediction model yet. Train one: manage.py train_break_model, or "
            "the button above the list of prediction models."
        )
    return (
        f"The file of {version}, {path().name}, is not there. Open {version} and put its file "
        "back, or train a model."
    )


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _estimator(digest: str, data: bytes) -> Any:
    with _lock:
        if digest not in _loaded:
            found = read(data)
            _loaded.clear()
            _loaded[digest] = found
        return _loaded[digest]


def read(data: bytes) -> Any:
    """
    Return the estimator of a model file whose digest was compared before.

    :raises ModelAltered: if it holds a type that is not trusted, or is no model file at all.
    """
    from skops import io

    try:
        unknown = sorted(set(io.get_untrusted_types(data=data)) - set(TRUSTED))
        found = None if unknown else io.loads(data, trusted=list(TRUSTED))
    except Exception as problem:
        raise ModelAltered(
            f"The model file cannot be read ({type(problem).__name__}). Train a model anew."
        ) from problem
    if unknown:
        raise ModelAltered(
            f"The model file holds {', '.join(unknown)}, which is not trusted, so it is not "
            "loaded. Train a model anew."
        )
    return found


def write(estimator: Any) -> str:
    """
    Keep a trained estimator under its digest and return that; nothing is in force by it.

    :raises ModelNotKept: if the folder cannot be written to.
    """
    from skops import io

    data = io.dumps(estimator)
    read(data)
    digest = digest_of(data)
    try:
        _put(kept(digest), data)
    except OSError as problem:
        raise ModelNotKept(
            f"The model cannot be written to {kept(digest).parent} ({problem.strerror}). Let the "
            "desk write there, or name another folder in ML_MODEL_PATH, then train again."
        ) from problem
    return digest


def kept(digest: str) -> Path:
    """Return where the bytes of every version are kept, whether in force or not."""
    return Path(settings.ML_ARTIFACTS) / KEPT / f"{digest}.skops"


def kept_bytes(version: ModelVersion) -> bytes:
    """
    Return the kept bytes of a version.

    :raises ModelAbsent: if they are not there.
    :raises ModelAltered: if they are others than were registered.
    """
    try:
        data = kept(version.digest).read_bytes()
    except OSError:
        raise ModelAbsent(f"The file of {version} is no longer kept; train a model anew.") from None
    if not version.digest or digest_of(data) != version.digest:
        raise ModelAltered(
            f"The kept file of {version} was altered, so it cannot be used; train a model anew."
        )
    return data


def put_in_force(version: ModelVersion) -> None:
    """
    Put the kept file of a version where the one in force lies.

    :raises ModelAbsent: if it is not kept.
    :raises ModelAltered: if it was altered.
    """
    _put(path(), kept_bytes(version))


def _put(to: Path, data: bytes) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    beside = to.with_name(f".{to.name}.{uuid4().hex}")
    beside.write_bytes(data)
    beside.replace(to)
