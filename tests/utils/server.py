"""A local HTTP server for downloads: it can break off, go on, and change its files."""

import contextlib
import http.server
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.files`; `server.cut` is how many bytes it sends before it breaks off."""

    def do_GET(self):
        name = self.path.lstrip("/")
        self.server.requests.append((name, self.headers.get("Range")))
        if name not in self.server.files:
            self.send_error(404, "not here")
            return
        body, tag = self.server.files[name]
        start = 0
        wanted = self.headers.get("Range")
        if wanted and self.headers.get("If-Range") == tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        if tag:
            self.send_header("ETag", tag)
        self.end_headers()
        cut, self.server.cut = self.server.cut, None
        self.wfile.write(body[start:cut])

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serve(**files):
    """A server with an attribute `url`; values are bytes, or (bytes, tag)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files = {k: v if isinstance(v, tuple) else (v, f'"{hash(v)}"') for k, v in files.items()}
    server.requests, server.cut = [], None
    server.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
