"""`FastaiRegressor`: fastai's own `tabular_learner` and `vision_learner` as a scikit-learn regressor.

The Learner, its model and its training are fastai's, with fastai's defaults: among them weight decay of 0.01,
and in `vision_learner`'s head dropout of one half before a last layer without bias. Added are, around them:
data from memory, seeds that leave no trace, silence, and the limits of `spoton.scaling`.
"""

from __future__ import annotations

import importlib
import random
import secrets
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from spoton import catalogue
from spoton.data import Array, as_input, is_images
from spoton.errors import DataError, Diverged, Refused, UsageError
from spoton.history import History
from spoton.learners._features import _numbers
from spoton.scaling import y_range_of

PREDICT_ROWS = 256  # rows a step in `predict`, to bound its memory

# what fastai and the packages below it do, which their user cannot mend
HARMLESS = (
    r".*torch\.jit.*",  # fastai's import scripts a function, which torch has deprecated
    r"The 'mode\.chained_assignment' option is deprecated",  # set by fastai's import, retired by pandas 3
    # pandas 3 hands out read-only arrays; fastai makes tensors of them, and its models write into none
    r"The given NumPy array is not writable",
    # fastai's older way of asking torchvision for a model that it has no entry for
    r"(The parameter 'pretrained' is|Arguments other than a weight enum or .*) deprecated",
)


class FastaiRegressor(RegressorMixin, BaseEstimator):
    """Trains a fastai Learner on the mean squared error, on all rows that it is given: nothing is held out.

    Each epoch shuffles the rows and cuts them into batches; fewer rows than `batch_size` are one batch.
    `tabular` leaves out the last, incomplete batch, as fastai does (other rows in each epoch); `vision` only
    one of a single row, which batch normalisation cannot take. One deviation from plain fastai: its
    `TabularPandas.dataloaders` draws the rows of an epoch WITH replacement, here each row comes once.

    Args:
        kind: `tabular` (tables; images become tables of pixels px0, px1, ...) or `vision` (images).
        epochs: passes over the training rows.
        lr: learning rate; with `one-cycle` its peak.
        batch_size: rows a step, 2 or more.
        schedule: `flat` (`Learner.fit`) or `one-cycle` (`Learner.fit_one_cycle`).
        layers: sizes of the hidden layers; tabular only.
        arch: a model of `torchvision.models`, from random weights; vision only.
        normalize: fastai's `Normalize` goes first; tabular only. Nearly constant columns explode in it.
        y_range: limits of a sigmoid at the end: `none`, `samples`, `auto`, `extremes` or (lo, hi), each one
            number or one value an output; see `spoton.scaling`.
        random_state: seeds Python, NumPy and torch, whose states are put back. The same seed gives the same
            predictions, bit for bit, on one machine with one number of threads; None differs each time.

    Attributes:
        learn_: the fastai Learner. It holds the training rows, also in a pickle, but no optimizer.
        in_shape_: shape of one example: (C, H, W) for vision, (`n_features_in_`,) for tabular.
        feature_names_in_: names of the columns, where X was a DataFrame.
        n_outputs_, n_epochs_, n_parameters_: counts.
        history_: a History: epoch, mean training loss, learning rate and seconds.
        y_limits_: (lo, hi), each (k,), or None.

    Example:
        >>> FastaiRegressor(epochs=20, y_range=(0, 1)).fit(X, y).predict(X)  # doctest: +SKIP
    """

    def __init__(
        self,
        kind: str = "tabular",
        epochs: int = 10,
        lr: float = 1e-3,
        batch_size: int = 64,
        schedule: str = "flat",
        layers: Sequence[int] = (200, 100),
        arch: str = "resnet18",
        normalize: bool = False,
        y_range: str | Sequence[Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.kind = kind
        self.epochs = epochs
        self.lr = lr
        self.batch_size = batch_size
        self.schedule = schedule
        self.layers = layers
        self.arch = arch
        self.normalize = normalize
        self.y_range = y_range
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> FastaiRegressor:
        """Train a fresh Learner.

        Args:
            X: images (n, H, W) or (n, C, H, W), or a table (n, D); NumPy or pandas.
            y: (n,) or (n, k).

        Raises:
            UsageError, DataError: a parameter or the data are not as they have to be.
            Refused: `vision` on a table.
            Diverged: the training loss left the finite numbers.
        """
        self._check_parameters()
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)  # a fit that fails leaves nothing of the one before
        inputs, targets = self._inputs(X), _finite(_numbers(y), "y")
        if targets.ndim not in (1, 2) or len(inputs) != len(targets) or len(inputs) < 2:
            given = f"X has {len(inputs)} rows and y has shape {targets.shape}"
            raise DataError(f"fastai needs 2 rows or more, and y (n,) or (n, k) with the rows of X; {given}")
        self.y_ndim_, targets = targets.ndim, targets.reshape(len(targets), -1)
        self.in_shape_, self.n_outputs_ = inputs.shape[1:], targets.shape[1]
        if self.kind == "tabular":
            self.n_features_in_ = inputs.shape[1]
        if isinstance(X, pd.DataFrame):
            self.feature_names_in_ = np.array(X.columns, dtype=object)
        size = np.shape(X)[:-3:-1] if is_images(X) else None  # (W, H)
        self.y_limits_ = y_range_of(self.y_range, targets, size)

        fresh = self.random_state is None
        seed = secrets.randbits(31) if fresh else check_random_state(self.random_state).randint(2**31)
        with _contained(seed, self.kind):
            build = self._vision if self.kind == "vision" else self._tabular
            learn = build(inputs, targets, "px" if size else "x")
            _limits_to_buffers(learn.model)
            self.history_ = History()
            self.learn_ = learn  # already now: who looks on in mid-fit may predict
            train = learn.fit if self.schedule == "flat" else learn.fit_one_cycle
            with learn.no_bar(), learn.no_logging():
                train(self.epochs, float(self.lr), cbs=_callbacks(self.history_))
        self.n_epochs_ = len(self.history_)
        if self.n_epochs_ < self.epochs:
            del self.learn_
            found = f"the training loss became NaN or infinite in epoch {self.n_epochs_ + 1} of {self.epochs}"
            raise Diverged(f"{found}; lower lr (now {self.lr:g}), or scale X and y")
        learn.opt = None  # its state is twice the size of the model; fastai makes a new one when it is needed
        self.n_parameters_ = sum(p.numel() for p in learn.model.parameters())
        return self

    def predict(self, X: Any) -> Array:
        """Answers in the shape of the training targets, float64, within the limits where there are any.

        Raises:
            DataError: examples of another shape, or columns of other names, than in `fit`.
            Diverged: answers that are not finite.
        """
        import torch

        check_is_fitted(self, "learn_")
        inputs = self._inputs(X)
        if inputs.shape[1:] != self.in_shape_:
            raise DataError(f"one example has shape {inputs.shape[1:]}, it has to be {self.in_shape_}")
        names = list(getattr(self, "feature_names_in_", ()))
        if names and isinstance(X, pd.DataFrame) and list(X.columns) != names:
            raise DataError(f"the columns have to be {names} in this order, these are {list(X.columns)}")
        if self.kind == "tabular":
            # not fastai's `test_dl`: a DataLoader draws from Python's global random numbers
            source = self.learn_.dls.train_ds
            table = source.new(pd.DataFrame(inputs, columns=list(source.cont_names)))
            table.process()
            inputs = table.conts.to_numpy()
        model, found = self.learn_.model.eval(), []
        device = next(model.parameters()).device
        with torch.no_grad():
            for start in range(0, len(inputs), PREDICT_ROWS):
                rows = torch.tensor(inputs[start : start + PREDICT_ROWS], dtype=torch.float32, device=device)
                # a tabular model takes (categories, numbers), and there are no categories
                found.append(model(rows) if self.kind == "vision" else model(None, rows))
        predicted: Array = torch.cat(found).cpu().numpy().astype(np.float64)
        if not np.isfinite(predicted).all():
            raise Diverged(f"predictions are not finite; lower lr (now {self.lr:g}), or scale X and y")
        if self.y_limits_ is not None:
            predicted = predicted.clip(*self.y_limits_)  # the sigmoid is off by float32's rounding
        return predicted.ravel() if self.y_ndim_ == 1 else predicted

    def _check_parameters(self) -> None:
        for what, known in (("kind", ("tabular", "vision")), ("schedule", ("flat", "one-cycle"))):
            if getattr(self, what) not in known:
                raise catalogue.unknown(what, str(getattr(self, what)), known)
        if self.normalize and self.kind == "vision":
            raise UsageError("normalize is for kind='tabular'; vision takes images as they are, leave it out")
        if self.epochs < 0 or self.batch_size < 2 or not self.lr > 0:
            given = f"these are {self.epochs}, {self.batch_size} and {self.lr}"
            raise UsageError(f"epochs has to be 0 or more, batch_size 2 or more and lr above 0; {given}")

    def _inputs(self, X: Any) -> Array:
        """Images (n, C, H, W) for `vision`, a table (n, D) for `tabular`; finite numbers both."""
        X = as_input(X)
        if self.kind == "vision" and not is_images(X):
            raise Refused(f"vision_learner takes images; this task is a table of {X.shape[1]} columns")
        return _finite(np.asarray(X) if self.kind == "vision" else _numbers(X).reshape(len(X), -1), "X")

    def _head(self) -> dict[str, Any]:
        """What both kinds of learner are told about the answers."""
        import torch
        from fastai.losses import MSELossFlat

        limits = self.y_limits_ and tuple(torch.tensor(side, dtype=torch.float32) for side in self.y_limits_)
        return {"n_out": self.n_outputs_, "loss_func": MSELossFlat(), "y_range": limits}

    def _tabular(self, inputs: Array, targets: Array, stem: str) -> Any:
        from fastai.tabular.core import Normalize, TabDataLoader, TabularPandas
        from fastai.tabular.learner import tabular_learner

        # own names: the user's may be numbers, come twice, or be those of targets
        x_names = [f"{stem}{i}" for i in range(inputs.shape[1])]
        y_names = [f"y{i}" for i in range(targets.shape[1])]
        frame = pd.DataFrame(np.hstack([inputs, targets]), columns=x_names + y_names)
        splits = [list(range(rows)) for rows in (len(frame), 0)]  # a validation side has to be: an empty one
        procs = [Normalize] if self.normalize else None
        table = TabularPandas(frame, procs, cont_names=x_names, y_names=y_names, splits=splits)
        # fastai's default here, TabWeightedDL, draws with replacement
        dls = table.dataloaders(bs=min(self.batch_size, len(frame)), dl_type=TabDataLoader)
        return tabular_learner(dls, layers=list(self.layers), **self._head())

    def _vision(self, inputs: Array, targets: Array, _: str) -> Any:
        import torch
        from fastai.data.core import DataLoaders
        from fastai.torch_core import default_device
        from fastai.vision.learner import vision_learner
        from torchvision import models

        known = models.list_models(module=models)
        if self.arch not in known:
            raise catalogue.unknown("model of torchvision.models", self.arch, known)
        x, y = torch.tensor(inputs), torch.tensor(targets, dtype=torch.float32)
        batch = min(self.batch_size, len(x))
        # a validation side has to be: an empty one; and fastai would start up to 16 processes
        sides = [torch.utils.data.TensorDataset(x[:rows], y[:rows]) for rows in (len(x), 0)]
        last = (len(x) % batch == 1, False)
        dls = DataLoaders.from_dsets(*sides, bs=batch, drop_last=last, num_workers=0, device=default_device())
        arch = getattr(models, self.arch)
        return vision_learner(dls, arch, pretrained=False, normalize=False, n_in=x.shape[1], **self._head())


def _finite(values: Array, name: str) -> Array:
    if not np.isfinite(values).all():
        raise DataError(f"{name} has to be finite, it holds NaN or infinity; fill or leave out those rows")
    return values


@contextmanager
def _contained(seed: int, kind: str) -> Iterator[None]:
    """fastai imported, random numbers from `seed`; what both change globally is put back."""
    with warnings.catch_warnings():
        for message in HARMLESS:
            warnings.filterwarnings("ignore", message)
        state = random.getstate()
        options = {name: pd.get_option(name) for name in ("mode.chained_assignment", "display.max_colwidth")}
        # before the seed: the import draws random numbers, so a first fit would differ from a second
        for module in (f"{kind}.learner", "callback.schedule", "callback.progress"):
            importlib.import_module(f"fastai.{module}")
        random.setstate(state)
        for name, value in options.items():
            pd.set_option(name, value)
        with importlib.import_module("fastai.torch_core").no_random(seed):  # it puts all states back
            yield


def _limits_to_buffers(model: Any) -> None:
    """Tensors in fastai's SigmoidRange are plain attributes: a change of device would leave them behind."""
    from fastai.layers import SigmoidRange

    for module in [module for module in model.modules() if isinstance(module, SigmoidRange)]:
        for name in ("low", "high"):
            module.register_buffer(name, module.__dict__.pop(name))


def _callbacks(history: History) -> list[Any]:
    """Those that write `history`, and end the fit at a loss that is not finite."""
    from fastai.callback.core import Callback, CancelFitException

    from spoton.history import FastaiHistory

    class Stop(Callback):
        run_valid = False

        def after_loss(self) -> None:
            if not np.isfinite(self.learn.loss.item()):
                raise CancelFitException

    return [Stop(), FastaiHistory(history)]
