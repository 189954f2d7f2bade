// Express with its own body parsers and cookie-parser.
import cookieParser from "cookie-parser";
import express from "express";
import { announce, Readings } from "./readings.mjs";

const app = express();
app.set("query parser", "extended");
app.use(cookieParser());
app.use(express.json(), express.urlencoded({ extended: true }), express.text());

app.all("/{*path}", (request, response) => {
  const readings = new Readings();
  readings.add("header", request.get("x-api-key"));
  readings.addAuthorization(request.get("authorization"));
  readings.addBasic(request.get("authorization"));
  readings.add("cookie", request.cookies);
  readings.add("query", request.query);
  readings.add("path", request.params.path);
  readings.add("path", request.path.match(/^\/bot([^/]+)\//)?.[1]);
  readings.add("body", request.body);
  readings.addMessage(request.body);
  readings.add("trailer", request.trailers["x-api-key"]);
  response.json(readings.answer);
});

const server = app.listen(0, "127.0.0.1", () => announce(server.address().port));
