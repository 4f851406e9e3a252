"""Powers of two in float32, written out for the kernels: calls do not become vector instructions, arithmetic does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import float32, int32

from spoton.layers._jit import jit

# the Taylor series of 2**f for |f| <= 1/2, highest power first: ln(2)**k / k!, to 1e-7
POWERS = tuple(float32(np.log(2.0) ** k / np.prod(np.arange(1.0, k + 1))) for k in range(6, -1, -1))
LOG2_E = float32(np.log2(np.e))
LOWEST = float32(-127)


@jit
def power_of_two(x: Any) -> Any:
    """2**x for x <= 0, to 1e-7; 0 below 2**-126."""
    x = LOWEST if x < LOWEST else x  # in this order NaN passes
    whole = np.floor(x + float32(0.5))
    part = x - whole
    found = POWERS[0]
    for c in POWERS[1:]:
        found = found * part + c
    return found * int32((int32(whole) + int32(127)) << int32(23)).view(float32)  # the bits of 2**whole
