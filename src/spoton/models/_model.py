"""`Model`: a fitted learner with its card; saved to a folder, and loaded from one."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning

from spoton._threads import one_thread
from spoton.data import Array
from spoton.errors import DataError, MissingExtra, SpotonError, UsageError
from spoton.models._card import Card
from spoton.models._compiled import check_compiled
from spoton.models._estimator import from_bytes, to_bytes
from spoton.models._folder import ESTIMATOR, WEIGHTS, check_free, read_folder, write_folder
from spoton.models._inputs import checked_inputs, checked_labels
from spoton.models._parts import OwnNetNeeded, Surroundings, Tensors, put_together, taken_apart


class CannotPredict(DataError):
    """The estimator of a model broke on inputs that are like those of its fit."""


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A fitted learner, what it was fitted on, and what it answers.

    Attributes:
        card: what is known of it; see `Card`.
        estimator: the fitted scikit-learn regressor.

    Example:
        >>> from spoton import fit_model, load_model
        >>> model = fit_model("pnist/topleft", "linear")  # doctest: +SKIP
        >>> model.save("model")  # doctest: +SKIP
        >>> load_model("model").predict(images)  # doctest: +SKIP
    """

    card: Card
    estimator: BaseEstimator

    def predict(self, X: Any, labels: Any = None) -> Array:
        """Answers, on one thread: the same bits each time on one machine.

        Args:
            X: images (n, H, W) or (n, C, H, W), uint8 (0..255) or float as they were in the fit (0..1); or a table
                (n, D): a DataFrame with the columns of the fit (others are left out), or an array in their order.
            labels: (n,) the class of each row, for a learner that is told it (`+bylabel`).

        Returns:
            float64 (n, k), a column for each of `card.answers["columns"]`; points in px.

        Raises:
            DataError: inputs that are not like those of the fit, or that the learner cannot take.
        """
        inputs = checked_inputs(X, self.card)
        if len(inputs) == 0:
            return np.empty((0, len(self.card.answers["columns"])))
        words = {"labels": checked_labels(labels, len(inputs))} if self.card.learner["uses_labels"] else {}
        try:
            with one_thread(), warnings.catch_warnings():
                # those of foreign packages, that their user cannot mend; what matters is told as an error
                warnings.simplefilter("ignore")
                found = np.asarray(self.estimator.predict(inputs, **words), dtype=np.float64)
            found = found.reshape(len(inputs), len(self.card.answers["columns"]))
        except SpotonError:
            raise
        except Exception as error:  # a dozen kinds, of foreign packages that are given what they cannot take
            said = " ".join(str(error).split())[:200]
            raise CannotPredict(
                f"the model {self.card.learner['name']} cannot predict these inputs ({type(error).__name__}: {said}); "
                "give inputs as in its fit, or fit it anew"
            ) from error
        if not np.isfinite(found).all():
            row = int(np.argwhere(~np.isfinite(found).all(axis=1))[0][0])
            raise DataError(f"the answer to row {row} (rows count from 0) is not a finite number; check that input")
        return found

    def save(self, folder: str | Path, *, force: bool = False) -> Card:
        """Write the folder, at once or not at all.

        Args:
            folder: that is not there yet, or holds a model and is to be replaced.
            force: replace a model that is there.

        Returns:
            The card with the hashes of the files.

        Raises:
            UsageError: something else is there, or the learner cannot be kept.
            DataError: the disk does not take it.
        """
        check_free(Path(folder), force=force)
        return write_folder(Path(folder), self.card, self.to_files(), force=force)

    def to_files(self) -> dict[str, bytes]:
        """The bytes of each file but the card.

        Raises:
            UsageError: the learner cannot be kept.
        """
        from spoton.models._keepers import keepers

        plain, tensors = taken_apart(self.estimator, keepers())
        files = {ESTIMATOR: to_bytes(plain, str(self.card.learner["name"]))}
        if tensors:
            from safetensors.torch import save

            files[WEIGHTS] = save(tensors)
        return files

    def __repr__(self) -> str:
        scores = self.card.metrics.get("valid", {})
        shown = ", ".join(
            f"{key} {scores[key]:.4g}" for key in ("dist_avg", "hit", "accuracy", "r2") if scores.get(key)
        )
        return f"<Model {self.card.learner['name']} on {self.card.task['name']}: {shown or 'no scores'} on valid>"


def load_model(folder: str | Path, *, net: Any = None, device: str | None = None) -> Model:
    """Read a folder that `Model.save` wrote. Nothing that it holds is run.

    Args:
        folder: the model.
        net: the user's own net, where the model has one: a class, a function or a module as in the fit.
        device: torch's name of the device where nets go; where they were trained by default, if that is there.

    Raises:
        DataError: it is no model of spoton, is damaged, or of a newer version.
        UsageError: the model has a net of the user's own, and `net` is not given.
    """
    card, files = read_folder(Path(folder))
    return Model(card, from_files(files, Path(folder), Surroundings(net, device)))


def from_files(files: dict[str, bytes], folder: Path, around: Surroundings) -> BaseEstimator:
    """The estimator of `Model.to_files`; raises as `load_model`."""
    from spoton.models._keepers import keepers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)  # spoton verify tells what differs
        try:
            plain = from_bytes(files[ESTIMATOR])
        except DataError as error:
            raise DataError(f"{folder / ESTIMATOR} is damaged or not by spoton: {error}") from error
        tensors = _tensors(files[WEIGHTS], folder) if WEIGHTS in files else {}
        try:
            estimator = put_together(plain, keepers(), tensors, around)
            check_compiled(estimator)
        except (OwnNetNeeded, MissingExtra):
            raise
        except SpotonError as error:
            if around.net is not None and isinstance(error, UsageError):
                raise  # of the net that was given
            raise DataError(f"{folder} is damaged or not by spoton: {error}") from error
        except (Exception, RecursionError) as error:  # values that no learner has, of a dozen kinds
            said = " ".join(str(error).split())[:200]
            raise DataError(f"{folder} is damaged or not by spoton ({type(error).__name__}: {said})") from error
    if not isinstance(estimator, BaseEstimator) or not hasattr(estimator, "predict"):
        raise DataError(f"{folder} holds a {type(estimator).__name__}, not a learner; get the whole folder again")
    return estimator


def _tensors(held: bytes, folder: Path) -> Tensors:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        found: Tensors = load(held)
    except (SafetensorError, ValueError, KeyError, RuntimeError, OverflowError, json.JSONDecodeError) as error:
        said = " ".join(str(error).split())[:200]
        raise DataError(f"{folder / WEIGHTS} is damaged ({said}); get the whole folder again") from error
    return found
