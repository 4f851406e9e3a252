"""Does the error reach the first layer? Gradients layer by layer, dead units, saturated outputs, learning rates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from spoton.learners import TorchRegressor, model_of
from spoton.why._alter import clipped_steps, net_change, orthogonal, weighted, zero_head
from spoton.why._change import Change, setting
from spoton.why._descent import STEPS, Batch, Range, one_batch, range_test
from spoton.why._flow import ENOUGH, Flow, Layer, culprits, flow
from spoton.why._inside import Inside, calm, inside
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study

# between the first and the last layer, of the gradient over the weights. Layers of sound nets differ by ten or so;
# Adam hides a constant factor, but not a gradient that is lost in the rounding of what it is added to
ORDERS = 1e3
DEAD = 0.5  # share of a layer's units: a ReLU silences half of them on one row, and hardly one on all rows
SATURATED = 0.5  # share of outputs: of answers in the middle of their range hardly one lies within 1 % of a limit
FITTED = 0.5  # R2 on the training rows, from which on saturated outputs are no trouble
BY_HEART = 0.9  # R2 on one batch: a few rows leave a net with as many weights no excuse
FAR = 15.0  # times the learner's rate: up to 10 times is tried in any case
CHEAP = 0.01  # of what is left of the budget: a fit so short is worth a change without a sign of trouble


class Gradients(Probe):
    """Gradients layer by layer at the start and the end of a training, dead units, one batch, a range test."""

    name = "gradients"
    about = "gradients layer by layer, dead units, saturated outputs, one batch learned by heart, learning rates"

    def look(self, study: Study) -> Iterable[Fact]:
        subject = inside(study)
        if subject is None:
            return
        found = _seen(study, subject)
        yield from self._layers(found.flows)
        for when, each in found.flows.items():
            yield from self._silent(each, when)
            yield from self._saturated(each, when, found.scores[when])
        yield from self._descents(found, float(subject.model.lr))

    def changes(self, study: Study) -> Iterable[Change]:
        subject = inside(study)
        if subject is None:
            return
        found = _seen(study, subject)
        flows = list(found.flows.values())
        cheap = _seconds(study) < CHEAP * study.left
        faint = any(_spread(each) < 1 / ORDERS or _dead(each) for each in flows)
        strong = subject.module is None or any(not _spread(each) <= ORDERS for each in flows)
        layers = len(weighted(subject.start))
        if layers and (faint or strong or cheap):
            yield from self._weights(study)
        if strong:
            yield from net_change(
                study,
                self.name,
                "clip the gradient of each tensor of weights to a norm of 1",
                "gradients that explode",
                clipped_steps,
                "for weights in net.parameters():\n"
                "    weights.register_hook(lambda gradient: gradient / gradient.norm().clamp(min=1.0))",
                "clipping",
            )
        if layers > 1 and (cheap or any(share > SATURATED for share in flows[0].saturated.values())):
            yield from self._head(study)
        yield from self._rate(study, found.tested)

    def _weights(self, study: Study) -> Iterator[Change]:
        yield from net_change(
            study,
            self.name,
            "begin with orthogonal weights and biases of 0",
            "the first weights: a signal that fades or grows from layer to layer",
            orthogonal,
            "for part in net.modules():\n    if isinstance(part, (torch.nn.Linear, torch.nn.Conv2d)):\n"
            "        torch.nn.init.orthogonal_(part.weight, 2**0.5)\n"
            "        if part.bias is not None:\n            torch.nn.init.zeros_(part.bias)",
            "first weights",
        )

    def _head(self, study: Study) -> Iterator[Change]:
        yield from net_change(
            study,
            self.name,
            "begin with a head of zeros",
            "the first weights of the head: answers that begin far off",
            zero_head,
            "head = [part for part in net.modules() if isinstance(part, (torch.nn.Linear, torch.nn.Conv2d))][-1]\n"
            "torch.nn.init.zeros_(head.weight)\nif head.bias is not None:\n    torch.nn.init.zeros_(head.bias)",
            "first weights",
        )

    def _rate(self, study: Study, tested: Range | None) -> Iterator[Change]:
        model = model_of(study.subject.estimator)
        rate = None if tested is None else tested.suggested
        if tested is None or rate is None or not isinstance(model, TorchRegressor):
            return
        if tested.place(model.lr) == "within" or 1 / FAR < rate / model.lr < FAR:
            return
        cause = f"a learning rate that is far too {'low' if rate > model.lr else 'high'}"
        yield setting(self.name, f"lr {rate:g}, by a range test, instead of {model.lr:g}", cause, "lr", rate, "rate")

    def _layers(self, flows: dict[str, Flow]) -> Iterator[Fact]:
        """Vanishing, exploding or neither: one fact of all layers."""
        told, bad = [], []
        for when, found in flows.items():
            if len(found.layers) < 2:
                continue
            first, last, spread = found.layers[0], found.layers[-1], _spread(found)
            if math.isnan(spread):
                broken = next(layer.name for layer in found.layers if math.isnan(layer.ratio))
                bad.append(f"{when} the gradient of {broken} is not finite")
                continue
            told.append(f"{when} {first.ratio:.1e} in {first.name}, {last.ratio:.1e} in {last.name}")
            if not 1 / ORDERS < spread < ORDERS:
                what = "vanish" if spread < 1 else "explode"
                bad.append(f"{when} they {what} on the way from {last.name} back to {first.name}")
        if not told and not bad:
            return
        words = "gradients over weights: " + "; ".join([*told, *bad])
        advice = "normalise between the layers, add skips, or begin with other weights" if bad else ""
        yield Fact(self.name, words, advice=advice, picture=_bars(flows))

    def _silent(self, found: Flow, when: str) -> Iterator[Fact]:
        for layer in _dead(found):
            kind = "get no gradient from any" if layer.silent.mean() > DEAD else "are the same on all"
            yield Fact(
                self.name,
                f"{100 * layer.dead:.0f} % of the units of {layer.name} {kind} of {found.rows} training rows {when}: "
                "consistent with dead units",
                advice="lower the learning rate, or begin with other weights; LeakyReLU lets something through",
            )

    def _saturated(self, found: Flow, when: str, score: float) -> Iterator[Fact]:
        for name, share in found.saturated.items():
            if share > SATURATED and score < FITTED:
                yield Fact(
                    self.name,
                    f"{100 * share:.0f} % of the outputs of {name} lie within 1 % of a limit {when}, where the slope "
                    "is next to nothing: consistent with saturation",
                    advice="scale the inputs, begin with smaller weights, or widen the limits",
                )

    def _descents(self, found: _Seen, lr: float) -> Iterator[Fact]:
        batch, tested = found.batch, found.tested
        if batch is not None and math.isfinite(batch.score):
            words = f"R2 {batch.score:.3f} on one batch of {batch.rows} rows after {batch.steps} steps on it alone"
            missed = batch.score < BY_HEART and batch.steps == STEPS  # fewer steps are the clock's fault
            yield Fact(self.name, f"{words}, at lr {lr:g}" + (": it is not learned by heart" if missed else ""))
        if tested is None:
            return
        if tested.low is None or tested.high is None:
            yield Fact(self.name, "range test: the loss on one batch falls at no learning rate from 1e-6 to 10")
            return
        words = f"range test: the loss on one batch falls at learning rates from {tested.low:.1e} to {tested.high:.1e}"
        yield Fact(self.name, f"{words}; the learner's {lr:g} lies {tested.place(lr)}", picture=_curve(tested))


@dataclass(frozen=True)
class _Seen:
    """All that is measured, once a study; flows and R2 on training rows by when they were."""

    flows: dict[str, Flow]
    scores: dict[str, float]
    batch: Batch | None
    tested: Range | None


_known: WeakKeyDictionary[Inside, _Seen] = WeakKeyDictionary()


def _seen(study: Study, subject: Inside) -> _Seen:
    if subject not in _known:
        with calm():
            modules = {"at the start": subject.start}
            if subject.module is not None:
                modules[f"at the end{subject.when}"] = subject.module
            flows = {when: flow(subject, module) for when, module in modules.items()}
            scores = {when: subject.score(module.eval(), subject.train) for when, module in modules.items()}
            batch = one_batch(subject) if study.left > 0 else None
            tested = range_test(subject) if study.left > 0 else None
        _known[subject] = _Seen(flows, scores, batch, tested)
    return _known[subject]


def _dead(found: Flow) -> list[Layer]:
    return culprits(found.layers, DEAD) if found.rows >= ENOUGH else []


def _spread(found: Flow) -> float:
    """The first layer's gradient over the last one's; NaN where one is not finite, 1 where there is none to compare."""
    ratios = [layer.ratio for layer in found.layers]
    if any(math.isnan(ratio) for ratio in ratios):
        return math.nan
    return ratios[0] / ratios[-1] if len(ratios) > 1 and ratios[-1] > 0 else 1.0


def _seconds(study: Study) -> float:
    """Of one fit of the learner."""
    known = [run.fit_seconds for run in study.runs if run.learner == study.subject.name and run.fit_seconds]
    return max(known, default=math.inf)


def _bars(flows: dict[str, Flow]) -> Picture | None:
    when, found = list(flows.items())[-1]
    ratios = [layer.ratio for layer in found.layers]
    logs = tuple(math.log10(ratio) if ratio > 0 and math.isfinite(ratio) else None for ratio in ratios)
    return Picture(
        "bars",
        f"gradients over weights, layer by layer, {when}",
        "layer",
        "log10 of |gradient| / |weights|",
        x=tuple(layer.name for layer in found.layers),
        y=logs,
    )


def _curve(tested: Range) -> Picture:
    return Picture(
        "curve",
        "range test of learning rates, on one batch",
        "log10 of the learning rate",
        "loss",
        x=tuple(math.log10(rate) for rate in tested.rates),
        y=tested.losses,
    )
