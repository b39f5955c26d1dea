"""The fixture `weixin_emulator`: one program for the whole run, as at its start in each test.

With WEIXIN_EMULATOR_URL the tests use the one that runs there. Each worker of pytest-xdist then has a namespace of its own.
"""

from __future__ import annotations

import os
from typing import Iterator

import pytest

from weixin_emulator import Emulator, connect, start


@pytest.fixture(scope="session")
def weixin_emulator_program() -> Iterator[Emulator]:
    """The program itself. A conftest.py that wants other options has a fixture of this name."""
    url = os.environ.get("WEIXIN_EMULATOR_URL")
    if not url:
        with start() as emulator:
            yield emulator
        return
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    shared = connect(url)
    with shared.namespace(worker) if worker else shared as emulator:
        yield emulator


@pytest.fixture
def weixin_emulator(weixin_emulator_program: Emulator) -> Emulator:
    """WeChat's side, as at its start."""
    weixin_emulator_program.reset()
    return weixin_emulator_program
