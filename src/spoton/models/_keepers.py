"""The keepers: how each learner with a net in it is taken apart, and built again from its parameters and weights."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.errors import DataError
from spoton.learners import DetectorRegressor, FastaiRegressor, TorchRegressor
from spoton.learners._fastai import _contained, _limits_to_buffers
from spoton.learners._tabular_peers import STGRegressor
from spoton.models._budget import bounded, check_sizes
from spoton.models._keepers_plain import plain_keepers
from spoton.models._parts import Keeper, OwnNetNeeded, Surroundings, Tensors, like

if TYPE_CHECKING:
    from torch import nn

SIZES_OF_TABLE_NET = ("members", "width", "depth", "embedding", "cardinalities")
LARGEST_SIDE_FOUND_ON = 4096  # px of an image as a detector sees it
OWN = "own_net"  # stands for a net that is not spoton's


def keepers() -> list[Keeper]:
    """All of them."""
    from spoton.nets import TableNet

    return [
        Keeper("torch", TorchRegressor, _take_torch, _make_torch, lambda learner: hasattr(learner, "net_")),
        Keeper("unfitted torch", TorchRegressor, _take_plain, _make_plain, lambda learner: _is_own(learner.net)),
        Keeper("fastai", FastaiRegressor, _take_fastai, _make_fastai, lambda learner: hasattr(learner, "learn_")),
        Keeper("detector", DetectorRegressor, _take_detector, _make_detector, lambda one: hasattr(one, "learn_")),
        Keeper("stg", STGRegressor, _take_stg, _make_stg, lambda learner: hasattr(learner, "module_")),
        Keeper("table net", TableNet, _take_table_net, _make_table_net),
        *plain_keepers(),
    ]


def with_weights(module: nn.Module, tensors: Tensors) -> nn.Module:
    """The module with these weights, in evaluation.

    Raises:
        DataError: other names or shapes than the module has.
    """
    wanted, came = ({name: _form(value) for name, value in held.items()} for held in (_state(module), tensors))
    for name in sorted(wanted.keys() | came.keys()):
        if wanted.get(name) != came.get(name):
            forms = [held.get(name, "not there") for held in (came, wanted)]
            raise DataError(f"the weights '{name}' are {forms[0]}, and the net needs them {forms[1]}")
    before = {name: value for name, value in module.state_dict().items() if name not in tensors}
    # as they are: some layers work in double precision
    module.load_state_dict({**before, **tensors}, strict=True, assign=True)
    return module.requires_grad_(True).eval()


def _form(value: Any) -> str:
    import torch

    # some layers work in double precision, whatever they began with; whole numbers stay what they are
    return f"{tuple(value.shape)} {'real' if value.dtype in (torch.float32, torch.float64) else value.dtype}"


def _state(module: nn.Module) -> dict[str, Any]:
    """Its tensors; what else modules keep in a state dict they have by their parameters."""
    import torch

    return {name: value for name, value in module.state_dict().items() if isinstance(value, torch.Tensor)}


def _plain(learner: Any, *without: str) -> dict[str, Any]:
    return {name: value for name, value in vars(learner).items() if name not in without}


def _device(asked: str | None, trained: str) -> str:
    """The device of the fit where there is none asked for, and the processor where that one is not there."""
    import torch

    if asked is not None:
        return asked
    try:
        torch.empty(0, device=trained)
    except (RuntimeError, AssertionError, NotImplementedError):
        return "cpu"
    return trained


# -- nets behind TorchRegressor ------------------------------------------------------------------------------


def _is_own(net: Any) -> bool:
    """Whether a net is not one of spoton's by name."""
    return not isinstance(net, str)


def name_of(net: Any) -> str:
    """How a user's net is called."""
    return str(getattr(net, "name", None) or getattr(net, "__name__", type(net).__name__))


def _take_plain(learner: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:
    values = _plain(learner)
    if _is_own(learner.net):
        values["net"], values[OWN] = name_of(learner.net), True
    return values, {}


def _make_plain(values: dict[str, Any], _: Tensors, around: Surroundings) -> Any:
    if values.pop(OWN, False):
        if around.net is None:
            raise OwnNetNeeded(
                f"this model has a net of your own, {values['net']}, and its code is not kept; give it too: "
                "load_model(folder, net=...), or --module FILE.py:NAME"
            )
        from spoton.learners._own_net import FileNet, OwnNet

        values["net"] = around.net if isinstance(around.net, FileNet | OwnNet) else OwnNet(around.net)
    return like(TorchRegressor, values)


def _take_torch(learner: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:
    values, _ = _take_plain(learner)
    del values["net_"]
    return values, _state(learner.module_)


def _make_torch(values: dict[str, Any], tensors: Tensors, around: Surroundings) -> Any:
    from skorch import NeuralNetRegressor

    learner = _make_plain(values, {}, around)
    learner.device = _device(around.device, learner.device)
    check_sizes(learner.in_shape_, learner.n_outputs_, learner.net_options)
    with bounded(tensors):
        module = learner.make_module()
    net: Any = NeuralNetRegressor(
        with_weights(module, tensors),
        batch_size=learner.batch_size,
        device=learner.device,
        train_split=None,
        verbose=0,
    )
    learner.net_ = net.initialize()
    return learner


# -- fastai --------------------------------------------------------------------------------------------------


def _take_fastai(learner: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:
    values = _plain(learner, "learn_")
    if learner.kind == "tabular" and learner.normalize:
        (step,) = _normalize(learner.learn_)
        values["means_"], values["stds_"] = ([float(v) for v in held.values()] for held in (step.means, step.stds))
    return values, _state(learner.learn_.model)


def _make_fastai(values: dict[str, Any], tensors: Tensors, around: Surroundings) -> Any:
    learner = like(FastaiRegressor, {k: v for k, v in values.items() if k not in ("means_", "stds_")})
    check_sizes(learner.in_shape_, learner.n_outputs_, {"layers": learner.layers})
    # fastai makes its models from data: two rows of nothing
    inputs, targets = np.zeros((2, *learner.in_shape_), np.float32), np.zeros((2, learner.n_outputs_))
    with _contained(0, learner.kind), bounded(tensors):
        build = learner._vision if learner.kind == "vision" else learner._tabular
        learner.learn_ = build(inputs, targets, "x")
        _limits_to_buffers(learner.learn_.model)
    model = with_weights(learner.learn_.model, tensors)
    if around.device is not None:
        model.to(around.device)
    if "means_" in values:
        (step,) = _normalize(learner.learn_)
        for name in ("means", "stds"):
            setattr(step, name, dict(zip(getattr(step, name), map(np.float64, values[f"{name}_"]), strict=True)))
    learner.learn_.opt = None
    return learner


def _normalize(learn: Any) -> list[Any]:
    return [step for step in learn.dls.train_ds.procs if type(step).__name__ == "Normalize"]


# -- detectors -----------------------------------------------------------------------------------------------


def _take_detector(learner: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:
    model = learner.learn_.model
    return {**_plain(learner, "learn_"), "built_": model.get_extra_state()}, _state(model)


def _make_detector(values: dict[str, Any], tensors: Tensors, around: Surroundings) -> Any:
    from spoton.fastai._box_learner import Detector
    from spoton.fastai._box_nets import known_names, light_net, stock_net

    built = values.pop("built_")
    learner = like(DetectorRegressor, values)
    points = len(learner.mean_) // 2 if learner.arch == "keypointrcnn" else 0
    known_names(learner.arch, None if learner.arch == "ssdlite" else learner.backbone)
    sizes = {} if learner.arch == "ssdlite" else {"min_size": built["min_size"][0], "max_size": built["max_size"]}
    check_sizes(learner.in_shape_, len(built["classes"]), sizes)
    if max(sizes.values(), default=0) > LARGEST_SIDE_FOUND_ON:
        raise DataError("its net enlarges images beyond what any model does")
    with bounded(tensors):
        if learner.arch == "ssdlite":
            inner = stock_net(learner.arch, len(built["classes"]), points, False, {})
        else:
            anchors = tuple(built["anchors"][0])
            inner = light_net(learner.arch, learner.backbone, len(built["classes"]), points, anchors, sizes)
    model = with_weights(Detector(inner, built["classes"]), tensors)
    learner.learn_ = SimpleNamespace(model=model.to(_device(around.device, "cpu")))  # all that predicting needs
    return learner


# -- nets for tables -----------------------------------------------------------------------------------------


def _take_stg(learner: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:
    return _plain(learner, "module_"), _state(learner.module_)


def _make_stg(values: dict[str, Any], tensors: Tensors, around: Surroundings) -> Any:
    from spoton.nets import STG

    learner = like(STGRegressor, values)
    sizes = [len(scaler.mean_) for scaler in (learner.x_scaler_, learner.y_scaler_)]
    check_sizes((sizes[0],), sizes[1], {"hidden": learner.hidden})
    with bounded(tensors):
        net = STG((sizes[0],), sizes[1], hidden=learner.hidden, sigma=learner.sigma)
    learner.module_ = with_weights(net, tensors)
    return learner


def _take_table_net(net: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:
    n_out, n_in = net.linear.weight.shape
    mixed = hasattr(net, "mix")
    values = {
        "in_shape": (int(n_in),),
        "n_out": int(n_out),
        "members": net.members,
        "width": int(net.out.shape[1]),
        "depth": len(net.weights),
        "frequencies": net.frequencies,
        "embedding": int(net.mix.shape[-1]) + 1 if mixed else 1,
        "cardinalities": [int(levels.shape[1]) for levels in net.levels],
        "columns": net.chosen.tolist(),
    }
    return values, _state(net)


def _make_table_net(values: dict[str, Any], tensors: Tensors, _: Surroundings) -> Any:
    import torch

    from spoton.nets import TableNet

    check_sizes(values["in_shape"], values["n_out"], {name: values[name] for name in SIZES_OF_TABLE_NET})
    edges, low = None, tensors.get("low")
    if low is not None:  # the state has where the ramps begin; here they need their number alone
        if low.ndim != 2 or len(low) != len(values["columns"]) or not low.shape[1]:
            raise DataError("the ramps of its table net are not those of its columns")
        edges = torch.zeros(len(low), low.shape[1] + 1)
    with bounded(tensors):
        net = TableNet(**values, edges=edges)
    return with_weights(net, tensors)
