"""One rank does something for all: what it raises is raised on every other one, too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from policy.app.runs.refusal import RunRefused

if TYPE_CHECKING:
    from collections.abc import Callable


def share(judge: Callable[[], None]) -> None:
    """Judge on rank 0, and raise on every rank what comes of it. Raises RunRefused.

    Where torch distributes nothing this process is the only one.
    """
    distributed = find_group()
    if distributed is None:
        judge()
        return
    if distributed.get_rank() != 0:
        raise_told(receive(distributed))
        return
    told = "rank 0 has stopped before the project was judged"
    try:
        judge()
        told = ""
    except RunRefused as refused:
        told = str(refused) or "rank 0 has refused the training"
        raise
    except Exception as error:
        told = f"rank 0 could not judge the project: {error}"
        raise
    finally:
        # Whatever it is, nobody waits for a rank that is gone.
        distributed.broadcast_object_list([told], src=0)


def receive(distributed: Any) -> str:
    """What rank 0 says, once it has judged."""
    told: list[Any] = [None]
    distributed.broadcast_object_list(told, src=0)
    return str(told[0])


def raise_told(text: str) -> None:
    """Raises RunRefused for what rank 0 has refused."""
    if text:
        raise RunRefused(text)


def find_group() -> Any:
    """What several ranks talk through; None where there is one. What torch has not imported is not used."""
    torch = sys.modules.get("torch.distributed")
    if torch is None or not torch.is_available() or not torch.is_initialized():
        return None
    return torch if torch.get_world_size() > 1 else None
