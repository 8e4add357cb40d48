"""What custom commands of these tests run: a server on PELAGOS_SOCKET that notes every start in `starts`.

`python served.py [once]`: with `once` it ends at the first connection whose first byte is `x`.
"""

import os
import socket
import sys
from pathlib import Path

with Path("starts").open("a") as starts:
    starts.write(f"{os.getpid()}\n")
listener = socket.socket(socket.AF_UNIX)
listener.bind(os.environ["PELAGOS_SOCKET"])
listener.listen()
print("listening at", os.environ["PELAGOS_BASE_PATH"], flush=True)
while True:
    connection, _ = listener.accept()
    with connection:
        if sys.argv[1:] == ["once"] and connection.recv(1) == b"x":
            sys.exit("told to end")
