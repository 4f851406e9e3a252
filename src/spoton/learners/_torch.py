"""`TorchRegressor`: a net of `spoton.nets`, or the user's own module, as a scikit-learn regressor through skorch."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from contextvars import Context
from functools import lru_cache
from threading import Timer
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from spoton import catalogue
from spoton.data import Array, as_input, is_images
from spoton.errors import DataError, Diverged, Refused, UsageError
from spoton.history import History
from spoton.learners._features import _numbers, check_columns, remember_columns
from spoton.scaling import y_range_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from spoton.nets._harden import HardNet


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's random numbers from `seed` inside, and as they were afterwards."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


class TorchRegressor(RegressorMixin, BaseEstimator):
    """Trains a torch net with Adam: on the mean squared error, or on the net's own loss.

    A net with an attribute `criterion` (called without arguments, it gives a loss module) and a method `decode` (its
    output -> answers (B, n_out) in pixels) is trained on that loss, and predicts what it decodes; its answers have to
    be pixels of the image. The output may have any shape: coordinates, distributions over positions, or heatmaps
    (B, P, H, W), where consecutive pairs of answers (x, y) are the points. A net whose answers are something else has
    a method `check_answers(inputs, targets)`, which refuses what it cannot answer. `any_size = True` says that the
    fitted net takes images of other sizes than it was trained on, and `lr_factors`, as in {"gate.*": 25.0}, that some
    of its parameters are stepped with so many times the learning rate. `uses_kernels = True` has `warm_up` compile the
    kernels of the extra `fast`, which else counts as time of the first fit.

    Args:
        net: a class of `spoton.nets` by name, or any class or function that takes (in_shape, n_out, y_range=...) and
            gives a module (B, *in_shape) -> (B, n_out).
        net_options: further keywords for it, as in {"hidden": 64, "relu": True}.
        epochs: passes over the training rows.
        lr: Adam's learning rate; the highest one of a `one-cycle` schedule.
        schedule: `flat`, or `one-cycle` (L. Smith, "Super-convergence", 2018): up for a third of the steps, then down.
        batch_size: rows a step.
        beta2: Adam's memory of squared gradients; short (0.9) where a few steps have far larger ones than the rest.
        weight_decay: decay of the weights a step, apart from the gradient: AdamW (Loshchilov and Hutter, 2019).
        optimizer: `adam`, or `sgd` with Nesterov's momentum of 0.9, which wants a higher learning rate.
        y_range: limits of the sigmoid head: `none`, `samples`, `auto`, `extremes` or (lo, hi); see `spoton.scaling`.
        device: torch's name of a device.
        random_state: seeds the weights and the order of the rows; the same seed gives the same net, bit for bit, on
            one machine with one number of threads.

    Fitted: `net_` (skorch's NeuralNetRegressor), `module_`, `n_parameters_`, `n_epochs_`, `history_` (a History),
    `in_shape_`, `n_outputs_`, `y_limits_` ((lo, hi), lists, or None).
    """

    def __init__(
        self,
        net: Any = "BaseNet",
        net_options: Mapping[str, Any] | None = None,
        epochs: int = 10,
        lr: float = 1e-3,
        schedule: str = "flat",
        batch_size: int = 64,
        beta2: float = 0.999,
        weight_decay: float = 0.0,
        y_range: str | Sequence[Any] | None = "extremes",
        device: str = "cpu",
        random_state: int | np.random.RandomState | None = None,
        optimizer: str = "adam",
    ) -> None:
        self.net = net
        self.net_options = net_options
        self.epochs = epochs
        self.lr = lr
        self.schedule = schedule
        self.batch_size = batch_size
        self.beta2 = beta2
        self.weight_decay = weight_decay
        self.y_range = y_range
        self.device = device
        self.random_state, self.optimizer = random_state, optimizer

    def fit(self, X: Any, y: Any) -> TorchRegressor:
        """Train a fresh net.

        Args:
            X: images (n, H, W) or (n, C, H, W), or a table (n, D).
            y: (n,) or (n, k).

        Raises:
            Diverged: the training loss left the finite numbers.
        """
        import torch
        from skorch import NeuralNetRegressor

        if not (self.epochs >= 0 and self.batch_size >= 1 and 0 < self.lr < float("inf")):
            came = f"epochs {self.epochs}, batch_size {self.batch_size}, lr {self.lr}"
            raise UsageError(
                f"a net needs epochs of 0 or more, a batch_size of 1 or more and a positive lr, not {came}"
            )
        inputs, targets = self._inputs(X), np.asarray(y, dtype=np.float64)
        self.y_ndim_ = targets.ndim
        remember_columns(self, X)
        targets = targets.reshape(len(targets), -1)
        if len(inputs) != len(targets) or len(inputs) < 2:
            raise DataError(
                f"a net needs 2 rows or more with one target each, these are {len(inputs)} and {len(targets)}"
            )
        self.in_shape_, self.n_outputs_ = inputs.shape[1:], targets.shape[1]
        limits = y_range_of(self.y_range, targets, inputs.shape[:1:-1] if inputs.ndim == 4 else None)
        self.y_limits_ = limits and tuple(side.tolist() for side in limits)
        seed = check_random_state(self.random_state).randint(2**31)
        self.history_ = History()
        with seeded(seed):
            module = self.make_module()
            check: Any = getattr(module, "check_answers", None)
            if check is not None:
                check(inputs, targets)
            elif hasattr(module, "decode"):
                _check_pixels(targets, inputs.shape)
            drop_last = len(inputs) % self.batch_size == 1 and len(inputs) > self.batch_size
            steps = self.epochs * (len(inputs) // self.batch_size if drop_last else -(-len(inputs) // self.batch_size))
            factors: dict[str, float] = getattr(module, "lr_factors", {})
            rates = {part: factor * self.lr for part, factor in factors.items()}
            self.net_ = NeuralNetRegressor(
                module,
                criterion=getattr(module, "criterion", torch.nn.MSELoss),
                callbacks=self._callbacks(steps, [*rates.values(), self.lr]),
                **self._optimizer(),
                optimizer__weight_decay=self.weight_decay,
                optimizer__param_groups=[(part, {"lr": lr}) for part, lr in rates.items()],
                # one pass over the weights instead of several: ResNet18 trains in half the time
                optimizer__fused=torch.device(self.device).type in ("cpu", "cuda"),
                lr=self.lr,
                max_epochs=self.epochs,
                batch_size=self.batch_size,
                train_split=None,
                iterator_train__shuffle=True,
                # batch normalisation cannot take a last batch of one row
                iterator_train__drop_last=drop_last,
                device=self.device,
                verbose=0,
            ).initialize()
            # what skorch's fit does, but for its silent end on Ctrl-C
            answers = targets.astype(np.float32)
            self.net_.notify("on_train_begin", X=inputs, y=answers)
            self.net_.fit_loop(inputs, answers)
            self.net_.notify("on_train_end", X=inputs, y=answers)
        loss = self.net_.history[-1, "train_loss"] if self.epochs else 0.0
        if not np.isfinite(loss):
            del self.net_
            raise Diverged(f"the training loss became {loss} within {self.epochs} epochs; lower lr (now {self.lr:g})")
        self.n_parameters_ = sum(p.numel() for p in self.module_.parameters())
        self.n_epochs_ = len(self.net_.history)
        return self

    def warm_up(self) -> None:
        """Import and set up what a first fit needs, so that it does not count as its time."""
        if self.net in ("ResNet18", "ResNet18LogScan"):
            import torchvision.models  # noqa: F401
        _warm_up()
        from spoton import nets

        if getattr(getattr(nets, self.net, None) if isinstance(self.net, str) else self.net, "uses_kernels", False):
            _compile()

    def make_module(self) -> nn.Module:
        """A net as the fit makes it, with fresh weights."""
        return make_net(self.net, self.in_shape_, self.n_outputs_, y_range=self.y_limits_, **(self.net_options or {}))

    @property
    def module_(self) -> nn.Module:
        """The trained torch module."""
        module: nn.Module = self.net_.module_
        return module

    def predict(self, X: Any) -> Array:
        """Answers in the shape of the training targets, float64."""
        check_is_fitted(self, "net_")
        check_columns(self, X)
        inputs = self._inputs(X)
        sized = 2 if getattr(self.module_, "any_size", False) else len(self.in_shape_) + 1  # axes that have to agree
        if inputs.ndim != len(self.in_shape_) + 1 or inputs.shape[1:sized] != self.in_shape_[: sized - 1]:
            raise DataError(f"one example has shape {inputs.shape[1:]}, the net was fitted on {self.in_shape_}")
        decode: Any = getattr(self.module_, "decode", None)
        # batch by batch: heatmaps of all rows at once would fill the memory
        batches = [decode(out) if decode else out for out in self.net_.forward_iter(inputs)]
        predicted: Array = np.concatenate([batch.double().numpy() for batch in batches])
        return predicted.ravel() if self.y_ndim_ == 1 else predicted

    def harden(self, X: Any, *, atleast: float = 1.0) -> HardNet:
        """The fitted net as an exact rule, checked on X and ready to be exported: see `spoton.nets.harden`."""
        from spoton.nets import harden

        check_is_fitted(self, "net_")
        return harden(self.module_, X, atleast=atleast)

    def _optimizer(self) -> dict[str, Any]:
        """skorch's words for the optimiser."""
        import torch

        if self.optimizer == "sgd":
            return {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9, "optimizer__nesterov": True}
        if self.optimizer == "adam":
            return {"optimizer": torch.optim.AdamW, "optimizer__betas": (0.9, self.beta2)}
        raise UsageError(f"no optimizer is called '{self.optimizer}'; known: adam, sgd")

    def _callbacks(self, steps: int, rates: list[float]) -> list[tuple[str, Any]]:
        """skorch's callbacks: the history, and the schedule; `rates` has the rate of each group of parameters."""
        from spoton.history import SkorchHistory

        history = ("history", SkorchHistory(self.history_))
        if self.schedule == "flat" or not steps:
            return [history]
        if self.schedule != "one-cycle":
            raise UsageError(f"no schedule is called '{self.schedule}'; known: flat, one-cycle")
        import torch
        from skorch.callbacks import LRScheduler

        policy = torch.optim.lr_scheduler.OneCycleLR
        return [history, ("schedule", LRScheduler(policy, max_lr=rates, total_steps=steps, step_every="batch"))]

    @staticmethod
    def _inputs(X: Any) -> Array:
        X = as_input(X)
        found: Array = X if is_images(X) else _numbers(X).astype(np.float32)
        return np.require(found, requirements="W")  # torch warns of arrays that it may not write to


@lru_cache(maxsize=1)
def _warm_up() -> None:
    X = np.zeros((4, 3))
    # in a context of its own: who looks on at epochs is not told of these
    Context().run(TorchRegressor(epochs=1, y_range="none", random_state=0).fit, X, X[:, 0])


@lru_cache(maxsize=1)
def _compile() -> None:
    """The kernels of the extra `fast`, with a word where this takes a while."""
    from spoton.layers import compile_kernels

    text = "compiling the kernels of the extra `fast`: up to a minute, once an installation"
    word = Timer(3.0, print, [text], {"file": sys.stderr})
    word.daemon = True
    word.start()
    try:
        compile_kernels()
    finally:
        word.cancel()


def _check_pixels(targets: Array, shape: tuple[int, ...]) -> None:
    """Refuse answers that are no pixels of the image."""
    limit = max(shape[2:]) - 0.5
    if not ((targets >= -0.5) & (targets < limit)).all():
        raise Refused(
            f"this net points at pixels 0 to {limit - 0.5:g}, and answers run from {targets.min():g} "
            f"to {targets.max():g}; take a net that predicts numbers"
        )


def make_net(net: Any, in_shape: Sequence[int], n_out: int, /, **options: Any) -> nn.Module:
    """Build `net` (see `TorchRegressor`).

    Raises:
        UsageError: an unknown net, or an option that it does not take.
    """
    from torch import nn

    if isinstance(net, str):
        known = catalogue.classes("spoton.nets", nn.Module)
        if net not in known:
            raise catalogue.unknown("net", net, known)
        net = known[net]
    taken = inspect.signature(net).parameters
    for key in options:
        if key not in taken and not any(p.kind is p.VAR_KEYWORD for p in taken.values()):
            raise UsageError(f"the net {getattr(net, '__name__', net)} takes no {key}; it takes {', '.join(taken)}")
    module: nn.Module = net(in_shape, n_out, **options)
    return module
