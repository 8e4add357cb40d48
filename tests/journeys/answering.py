"""A command for the stories: an HTTP server on PELAGOS_SOCKET that answers who it is and which path was asked for."""

import http.server
import json
import os
import socketserver


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers every GET alike."""

    def do_GET(self) -> None:
        """Tell the process and the path."""
        body = json.dumps({"pid": os.getpid(), "path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """Name the client, which has no address over a socket."""
        return "hub"


socketserver.ThreadingUnixStreamServer(os.environ["PELAGOS_SOCKET"], Answer).serve_forever()
