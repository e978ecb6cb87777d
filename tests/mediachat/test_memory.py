"""What has been freed goes back to the system."""

import subprocess
import sys

FREED = """
import threading
from mediachat.monitoring import memory

def work():
    # Pieces that the C library keeps in the thread's own heap, and one at its end that stays.
    pieces = [bytes(1_000) for _ in range(100_000)]
    kept.append(bytes(1_000))

kept = []
threads = [threading.Thread(target=work) for _ in range(2)]
for each in threads:
    each.start()
for each in threads:
    each.join()
before = memory._size()
memory.trim()
print(before - memory._size())
memory.trim()
"""


def test_what_threads_have_freed_is_given_back() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", FREED], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(finished.stdout) > 20 * 2**20
