"""The members' descent by hand is that of autograd, AdamW and one cycle."""

from __future__ import annotations

import pytest
import torch

from spoton.learners._member_descent import BETA2, MemberDescent, one_cycle
from spoton.nets import TableNet

EDGES = torch.tensor([-2.0, -0.5, 0.0, 0.7, 2.0, 2.0]).expand(5, -1)


def nets(**options: object) -> tuple[TableNet, TableNet]:
    """Two equal ones in double precision, with random last layers."""
    torch.manual_seed(0)
    first, second = (TableNet((5,), 2, members=3, width=8, **options).double() for _ in range(2))  # type: ignore[arg-type]
    torch.nn.init.normal_(first.out)
    if hasattr(first, "ramp_mix"):
        torch.nn.init.normal_(first.ramp_mix)
    second.load_state_dict(first.state_dict())
    return first, second


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"columns": [1, 3]},
        {"embedding": 1},
        {"depth": 1},
        {"cardinalities": (4, 3)},
        {"columns": [], "cardinalities": (4,)},
        {"embedding": 1, "cardinalities": (2,)},
        {"edges": EDGES},
        {"edges": EDGES, "ramped": (False, True, False), "cardinalities": (2,)},
        {"edges": EDGES[:2], "columns": [1, 3], "embedding": 1},
        {"edges": EDGES[:0], "columns": [], "cardinalities": (2,)},
    ],
)
def test_steps_are_those_of_autograd_and_adamw(options: dict[str, object]) -> None:
    net, same = nets(**options)
    levels = options.get("cardinalities", ())
    steps = 12
    decayed = list(same.weights)
    rest = [part for name, part in same.named_parameters() if not name.startswith(("linear.", "weights."))]
    groups = [{"params": decayed, "weight_decay": 0.3}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.05, betas=(0.9, BETA2))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=steps, pct_start=0.15)
    descent, kept = MemberDescent(net, 0.3), None
    for rate, momentum in one_cycle(0.05, steps):
        x, y = torch.randn(3, 7, 5, dtype=torch.float64), torch.randn(3, 7, 2, dtype=torch.float64)
        codes = torch.stack([torch.randint(0, count, (3, 7)) for count in levels], -1) if levels else None
        assert optimizer.param_groups[0]["lr"] == pytest.approx(rate, rel=1e-9)
        assert optimizer.param_groups[0]["betas"][0] == pytest.approx(momentum, rel=1e-9)
        optimizer.zero_grad()
        loss = (same.members_forward(x, codes) - y).square().mean((1, 2)).sum()
        loss.backward()
        optimizer.step()
        schedule.step()
        descent.step(net.bent(x), codes, y, rate, momentum)
        for name, part in same.named_parameters():
            if part.grad is not None:
                torch.testing.assert_close(descent.slopes[name], part.grad, rtol=1e-7, atol=1e-10)
    kept = descent.copy()
    descent.put_back(kept)
    for (name, mine), (_, theirs) in zip(net.named_parameters(), same.named_parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-7, atol=1e-9, msg=name)
    torch.testing.assert_close(descent.answers(net.bent(x), codes), same.members_forward(x, codes))


@pytest.mark.parametrize("steps", [1, 2, 7, 100])
def test_one_cycle_rises_and_falls(steps: int) -> None:
    found = one_cycle(0.1, steps)
    assert len(found) == steps
    optimizer = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=steps, pct_start=0.15)
    for rate, momentum in found:
        assert optimizer.param_groups[0]["lr"] == pytest.approx(rate, rel=1e-9)
        assert optimizer.param_groups[0]["betas"][0] == pytest.approx(momentum, rel=1e-9)
        optimizer.step()
        if rate is not found[-1][0]:
            schedule.step()


def test_only_the_members_that_are_asked_for_are_kept() -> None:
    net, _ = nets()
    before = {name: part.detach().clone() for name, part in net.named_parameters()}
    descent = MemberDescent(net, 0.0)
    kept = descent.copy()
    descent.step(torch.randn(3, 7, 5).double(), None, torch.randn(3, 7, 2).double(), 0.1, 0.9)
    descent.keep(kept, torch.tensor([False, True, False]))
    descent.put_back(kept)
    assert torch.equal(net.out[[0, 2]], before["out"][[0, 2]])
    assert not torch.equal(net.out[1], before["out"][1])
    assert torch.equal(net.linear.weight, before["linear.weight"])
