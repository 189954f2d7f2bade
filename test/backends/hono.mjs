// Hono on Node, with its own helpers: cookies, basic auth, parseBody.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { getCookie } from "hono/cookie";
import { announce, Readings } from "./readings.mjs";

const app = new Hono();
app.use(async (context, next) => {
  context.set("readings", new Readings());
  await next();
});
const basic = basicAuth({
  verifyUser: (user, password, context) => {
    context.get("readings").addPair(user, password);
    return true;
  },
});
app.use((context, next) =>
  /^basic/i.test(context.req.header("authorization") ?? "") ? basic(context, next) : next(),
);

app.all("/v1/keys/:key", answer);
app.all("*", answer);

async function answer(context) {
  const { req } = context;
  const readings = context.get("readings");
  readings.add("header", req.header("x-api-key"));
  readings.addAuthorization(req.header("authorization"));
  readings.add("cookie", getCookie(context));
  readings.add("query", req.queries());
  readings.add("path", req.param("key"));
  readings.add("path", req.path.split("/"));
  await readBody(req, readings);
  return context.json(readings.answer);
}

async function readBody(req, readings) {
  const type = req.header("content-type") ?? "";
  if (/multipart\/form-data|urlencoded/i.test(type)) {
    const form = await req.parseBody({ all: true });
    for (const value of Object.values(form).flat()) {
      readings.add("form", typeof value === "string" ? value : await value.text());
    }
    return;
  }
  const text = await req.text();
  readings.add("text", text);
  // Hono's json() does not look at the content type.
  const body = await req.json().catch(() => null);
  readings.add("json", body);
  readings.addMessage(body);
}

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => announce(port));
