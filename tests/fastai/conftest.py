"""What the tests of the add-on share: fastai's own warnings, which nobody here can mend, and one thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

HARMLESS = (
    r"ignore:.*torch\.jit.*",
    r"ignore:The 'mode\.chained_assignment' option is deprecated",
    r"ignore:The given NumPy array is not writable",
    r"ignore:(The parameter 'pretrained' is|Arguments other than a weight enum or .*) deprecated",
    r"ignore:A value is trying to be set on a copy:FutureWarning",  # FillMissing of fastai 2.8.3
    r"ignore:numpy\.core is deprecated",  # Learner.load of fastai 2.8
    r"ignore:load_learner. uses Python's insecure pickle module",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for message in HARMLESS:
                item.add_marker(pytest.mark.filterwarnings(message))


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
