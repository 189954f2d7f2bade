"""What a server read of one request, and which of the wanted tokens are among it: each value as a whole."""

import base64
import json
import os

WANTED = json.loads(os.environ.get("WANTED", "[]"))


class Readings:
    def __init__(self):
        self.found = set()
        self.at = set()

    def add(self, place, value):
        """Text, bytes, a list, or a dictionary of such; strings that hold JSON are read too."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            if value in WANTED:
                self.found.add(value)
                self.at.add(place)
            if value.lstrip()[:1] in ("{", "["):
                try:
                    self.add(place + ", JSON", json.loads(value))
                except ValueError:
                    pass
        elif isinstance(value, dict):
            self.add(place, list(value.values()))
        elif isinstance(value, list):
            for each in value:
                self.add(place, each)

    def add_authorization(self, value):
        """What comes after the scheme; and Basic as the Django REST framework reads it."""
        words = (value or "").encode("latin-1").split()
        if not words:
            return
        self.add("authorization", words[-1])
        if words[0].lower() != b"basic" or len(words) < 2:
            return
        # The module drops whatever is no letter of base64, the blanks among it.
        try:
            pair = base64.b64decode(b"".join(words[1:])).decode("latin-1")
        except ValueError:
            return
        user, _, password = pair.partition(":")
        self.add("basic user", user)
        self.add("basic password", password)

    def add_json(self, body):
        """`json.loads` of bytes, which tells UTF-8, UTF-16 and UTF-32 apart by itself."""
        try:
            value = json.loads(body)
        except ValueError:
            return
        self.add("json", value)
        message = value.get("message") if isinstance(value, dict) else None
        if isinstance(message, dict) and isinstance(message.get("data"), str):
            try:
                self.add("message data", base64.b64decode(message["data"]))
            except ValueError:
                pass

    def answer(self):
        return json.dumps({"found": sorted(self.found), "at": sorted(self.at)})
