"""The folder in which bells wait when there is no Redis.

Kombu's folder creates a message's file under its final name and then writes it. A worker that looks in between takes
an empty file and ends. Here a message gets its name once it is whole.
"""

import os
import uuid
from pathlib import Path
from time import monotonic_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils import json


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: dict[str, Any], **_: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        # Sorted by name, the names are in the order of their writing; what begins with a dot is of no queue.
        name = f"{monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        unfinished = folder / f".{name}"
        unfinished.write_text(str(json.dumps(payload)))  # type: ignore[no-untyped-call]
        os.replace(unfinished, folder / name)


class Transport(filesystem.Transport):
    Channel = Channel
    # A folder has no host; without this a warning that none was named is the first line of the demo.
    default_connection_params: Any = {}
