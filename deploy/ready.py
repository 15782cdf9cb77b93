#!/usr/bin/env python3
"""`ready PORT`: exits with 0 if this container says that it is ready. Runs often, so it imports little."""

import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=4) as connection:
    connection.sendall(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
    sys.exit(b" 200 " not in connection.recv(64))
