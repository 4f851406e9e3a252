"""Expected points of soft masks by torch alone, forward and backward: lines are joined in pairs, level by level.

A piece of a line is summed up by three numbers: q, the chance that all of it is blank, and the sums f and l of
k P(the first ink is at k) and k P(the last ink is at k). Two neighbours join to q1 q2, f1 + q1 f2 and l1 q2 + l2, and a
pixel is (1 - m, k m, k m). So a line of any length takes a few operations on half as many numbers each time, twice its
length in all; cumulative sums go number by number, and need logarithms and powers besides. Nothing is divided.

Lines stand along the first axis and images along the last, so that each operation finds its numbers in a row.
"""

from __future__ import annotations

import torch
from torch import Tensor

Three = tuple[Tensor, Tensor, Tensor]
FEW = 64  # images: with fewer of them it pays to copy an image rather than to jump through it


def expected(z: Tensor, none: float) -> Tensor:
    """`spoton.layers._plain.expected`: (n, H, W) -> (n, 12)."""
    found = []
    for m, q in _both_ways(z):
        blank, near, far = _levels(*_across(_levels(q, m * _places(m))[-1]))[-1]
        found += [near[0] + blank[0] * none, far[0] + blank[0] * none]
    return torch.cat(found).T


def expected_backward(z: Tensor, grad: Tensor, none: float) -> Tensor:
    """The gradient of `expected`, (n, H, W); the lines are summed up once more."""
    rows, columns = _both_ways(z)
    out = _by_pixels(*rows, grad[:, :6].T.contiguous(), none)
    out += _by_pixels(*columns, grad[:, 6:].T.contiguous(), none).transpose(0, 1)
    return out.mul_(rows[0]).mul_(rows[1]).permute(2, 1, 0)


def _by_pixels(m: Tensor, q: Tensor, grad: Tensor, none: float) -> Tensor:
    """Slopes by each pixel's logit, divided by m q, of the six coordinates in one direction."""
    along = _levels(q, m * _places(m))
    across = _levels(*_across(along[-1]))
    by_blank = grad.sum(0, keepdim=True) * none
    by_blank, by_near, by_far = _pull_back(across[:-1], by_blank[None], grad[None, :3], grad[None, 3:])
    by_three = by_near + by_far
    by_q = by_blank[:, 0] - by_three[:, 0] * _places(by_three[:, 0])
    by_q, by_f, by_l = _pull_back(along[:-1], by_q[None], by_three[None, :, 1], by_three[None, :, 2])
    return by_f.add_(by_l).mul_(_places(m)).sub_(by_q)


def _both_ways(z: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Chances of ink and of none, pixels of rows along the first axis (W, H, n), and pixels of columns (H, W, n)."""
    turned = z.permute(2, 1, 0).contiguous()
    m, q = torch.sigmoid(turned), torch.sigmoid(turned.neg_())
    down = m.transpose(0, 1), q.transpose(0, 1)
    return [(m, q), (down[0].contiguous(), down[1].contiguous()) if z.shape[0] < FEW else down]


def _places(x: Tensor) -> Tensor:
    """0, 1, 2 ... along the first axis."""
    return torch.arange(x.shape[0], dtype=x.dtype, device=x.device).reshape(-1, *[1] * (x.ndim - 1))


def _levels(q: Tensor, pixels: Tensor) -> list[Three]:
    """All levels, from pixels to whole lines."""
    levels = [(q, pixels, pixels)]
    while len(q) > 1:
        levels.append(_join(*levels[-1]))
        q = levels[-1][0]
    return levels


def _join(q: Tensor, f: Tensor, last: Tensor) -> Three:
    """One level up; the last one of an odd number stays alone."""
    even = len(q) // 2 * 2
    q1, q2, f1, f2, l1, l2 = (part[i:even:2] for part in (q, f, last) for i in (0, 1))
    joined = q1 * q2, torch.addcmul(f1, q1, f2), torch.addcmul(l2, l1, q2)
    if even == len(q):
        return joined
    alone = q[even:], f[even:], last[even:]
    return tuple(torch.cat(both) for both in zip(joined, alone, strict=True))  # type: ignore[return-value]  # three


def _across(lines: Three) -> tuple[Tensor, Tensor]:
    """Lines as pixels of one more line: their chances to be blank (lines, 1, n), and what they give if they hold ink.

    That is three coordinates, (lines, 3, n): the line itself, and the expected first and last ink in it.
    """
    q, first, last = (part[0] for part in lines)
    return q.unsqueeze(1), torch.stack([(1 - q) * _places(q), first, last], dim=1)


def _pull_back(levels: list[Three], by_q: Tensor, by_f: Tensor, by_l: Tensor) -> Three:
    """The slopes by the pixels' three numbers, given those by the lines'; they take the levels' place.

    New memory is slower than all that is done in it.
    """
    for q, f, last in reversed(levels):
        even = len(q) // 2 * 2
        half = even // 2
        q1, q2, f2, l1 = q[0:even:2], q[1:even:2], f[1:even:2], last[0:even:2]
        a, b, c = by_q[:half], by_f[:half], by_l[:half]
        to_q, to_f, to_l = torch.empty_like(q), f, torch.empty_like(last) if last is f else last
        torch.mul(a, q2, out=to_q[0:even:2])
        torch.mul(a, q1, out=to_q[1:even:2])
        if q.shape == f.shape:
            to_q[0:even:2].addcmul_(b, f2)
            to_q[1:even:2].addcmul_(c, l1)
        else:  # one q for three sums
            to_q[0:even:2] += (b * f2).sum(1, keepdim=True)
            to_q[1:even:2] += (c * l1).sum(1, keepdim=True)
        to_f[0:even:2] = b
        torch.mul(b, q1, out=to_f[1:even:2])
        torch.mul(c, q2, out=to_l[0:even:2])
        to_l[1:even:2] = c
        if even < len(q):
            to_q[even:], to_f[even:], to_l[even:] = by_q[half:], by_f[half:], by_l[half:]
        by_q, by_f, by_l = to_q, to_f, to_l
    return by_q, by_f, by_l
