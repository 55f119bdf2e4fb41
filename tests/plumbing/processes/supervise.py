"""A supervisor to be killed: `python supervise.py SETTINGS`; prints the process ids, then waits."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from pathlib import Path

from agent.plumbing.supervisor import Supervisor
from tests.plumbing.stand_ins import MODULES, OPTIONS


def _tell(pids: dict[str, int]) -> None:
    while signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:  # a test that sends it sooner kills us instead
        time.sleep(0.01)
    print(json.dumps(pids), flush=True)


if __name__ == "__main__":
    with Supervisor(Path(sys.argv[1]), modules=MODULES, launcher_options=OPTIONS) as supervisor:
        supervisor.wait_ready()
        threading.Thread(target=_tell, args=(supervisor.pids(),), daemon=True).start()
        supervisor.run_until_signal()
