import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { listen } from "../peers/listen.ts";
import { LARGE_PATH, largeBody, type Told } from "./told.ts";

/** Entry of the parity check's upstream: it tells what it got, and is not measured. */
const large = largeBody();
let connections = 0;

const server = createServer((request, response) => {
  const hash = createHash("sha256");
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    length += chunk.length;
  });
  // A request that is aborted gets no answer.
  request.on("error", () => response.destroy());
  request.on("end", () => {
    const told: Told = {
      name: "made-up order",
      method: request.method ?? "",
      target: request.url ?? "",
      length,
      sha256: hash.digest("hex"),
      connections,
    };
    const isLarge = request.url === LARGE_PATH;
    const body = isLarge ? large : Buffer.from(JSON.stringify(told));
    response.writeHead(200, {
      "content-type": isLarge ? "application/octet-stream" : "application/json",
      "content-length": body.length,
    });
    response.end(body);
  });
});
server.on("connection", () => connections++);
listen(server);
