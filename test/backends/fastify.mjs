// Fastify as it comes: JSON and text; forms by the parser its documentation shows.
import { parse } from "node:querystring";
import fastify from "fastify";
import { announce, Readings } from "./readings.mjs";

const app = fastify();
const asString = { parseAs: "string" };
app.addContentTypeParser("application/x-www-form-urlencoded", asString, (_request, body, done) => {
  done(null, parse(body));
});

app.all("/bot:key/sendMessage", answer);
app.all("/v1/keys/:key", answer);
app.all("/*", answer);

function answer(request) {
  const readings = new Readings();
  const { authorization } = request.headers;
  readings.add("header", request.headers["x-api-key"]);
  readings.addAuthorization(authorization);
  readings.addBasic(authorization);
  readings.add("query", request.query);
  readings.add("path", request.params.key);
  readings.add("path", request.params["*"]?.split("/"));
  readings.add("body", request.body);
  readings.addMessage(request.body);
  readings.add("trailer", request.raw.trailers["x-api-key"]);
  return readings.answer;
}

await app.listen({ host: "127.0.0.1", port: 0 });
announce(app.server.address().port);
