"""
The outputs of a task: one object of JSON, at most 4,096 bytes.

Knows the file. What expressions may read of it, the template declares.
"""

import json
import os
from pathlib import Path
from typing import Any

from task_contract.ends import End

MOST = 4096


def write_outputs(**values: Any) -> None:
    """
    Write the outputs. Outside of Headrace, this does nothing.

    Raises:
        End: They are too large: put data into storage, and its address into the outputs.

    """
    # A name of a file may have bytes that are no text; a log line shows them as `?` too.
    text = json.dumps(values, ensure_ascii=False).encode(errors="replace")
    size = len(text)
    if size > MOST:
        raise End(f"the outputs have {size:,} bytes; at most {MOST:,} can be kept")
    path = os.environ.get("HEADRACE_OUTPUTS")
    if path:
        Path(path).write_bytes(text)
