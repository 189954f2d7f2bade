"""Python's http.server with the modules of the standard library that people use beside it."""

import email
import email.policy
import gzip
import zlib
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from readings import Readings


def inflate(body, coding):
    if coding in ("gzip", "x-gzip"):
        return gzip.decompress(body)
    if coding == "deflate":
        try:
            return zlib.decompress(body)
        except zlib.error:
            return zlib.decompress(body, -zlib.MAX_WBITS)
    return body


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        readings = Readings()
        readings.add("header", self.headers.get_all("X-Api-Key", []))
        for value in self.headers.get_all("Authorization", []):
            readings.add_authorization(value)
        for value in self.headers.get_all("Cookie", []):
            try:
                readings.add("cookie", [morsel.value for morsel in SimpleCookie(value).values()])
            except CookieError:
                pass
        url = urlsplit(self.path)
        readings.add("query", parse_qs(url.query))
        readings.add("path", [unquote(segment) for segment in url.path.split("/")])
        if url.path.startswith("/bot"):
            readings.add("path", unquote(url.path[4:].split("/")[0]))
        self.read_body(readings)
        body = readings.answer().encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer

    def read_body(self, readings):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        codings = ",".join(self.headers.get_all("Content-Encoding", [])).lower().split(",")
        try:
            for coding in reversed(codings):
                body = inflate(body, coding.strip())
        except (OSError, EOFError, zlib.error):
            return
        kind = self.headers.get_content_type()
        if kind.startswith("multipart/"):
            head = b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n"
            message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
            for part in message.iter_parts():
                readings.add("part", part.get_payload(decode=True))
                try:
                    readings.add("part", part.get_content())
                except (KeyError, LookupError):
                    pass
        elif kind == "application/x-www-form-urlencoded":
            readings.add("form", parse_qs(body.decode("utf-8", "replace")))
        elif kind == "application/json":
            readings.add_json(body)
        else:
            try:
                readings.add("text", body.decode(self.headers.get_content_charset() or "utf-8", "replace"))
            except LookupError:
                pass

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"port {server.server_port}", flush=True)
server.serve_forever()
