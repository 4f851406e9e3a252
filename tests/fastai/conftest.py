"""What the tests of the add-on share: fastai's own warnings, which nobody here can mend, and one thread."""

from __future__ import annotations

import os
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
def the_fastai_that_was_asked_for() -> None:
    """`make test-old-fastai` puts another release on the path; without it these tests would pass on the newest."""
    import fastai

    asked = os.environ.get("SPOTON_FASTAI", fastai.__version__)
    assert fastai.__version__ == asked, f"the tests are for fastai {asked}, and this is {fastai.__version__}"


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
