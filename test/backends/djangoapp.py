"""Django on the server that its `runserver` starts: request.GET, POST, FILES, COOKIES, headers, path."""

from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path, re_path

from readings import Readings

settings.configure(
    DEBUG=False,
    SECRET_KEY="made-up-and-unused",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    LOGGING_CONFIG=None,
    MIDDLEWARE=[],
)


def answer(request, key=None):
    readings = Readings()
    readings.add("header", request.headers.get("X-Api-Key"))
    readings.add_authorization(request.headers.get("Authorization"))
    readings.add("cookie", request.COOKIES)
    readings.add("query", [request.GET.getlist(name) for name in request.GET])
    readings.add("path", key)
    readings.add("path", request.path.split("/"))
    if request.content_type == "application/json":
        readings.add_json(request.body)
    elif request.content_type == "text/plain":
        try:
            readings.add("text", request.body.decode(request.encoding or "utf-8", "replace"))
        except LookupError:
            pass
    else:
        readings.add("form", [request.POST.getlist(name) for name in request.POST])
        readings.add("file", [file.read() for file in request.FILES.values()])
    return HttpResponse(readings.answer(), content_type="application/json")


urlpatterns = [
    path("v1/keys/<str:key>", answer),
    re_path(r"^bot(?P<key>[^/]+)/sendMessage$", answer),
    re_path(r"", answer),
]


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


server = ThreadedWSGIServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.set_app(get_wsgi_application())
print(f"port {server.server_port}", flush=True)
server.serve_forever()
