import { type AddressInfo, createServer } from "node:net";

/**
 * The API behind every contender, a process of its own: answers each request head with the same 200 and 150 bytes of
 * body. Plain sockets and no parser, so that it costs little, and the same for all. Says its port to its parent.
 */
const BODY = "x".repeat(150);
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
const HEAD_END = Buffer.from("\r\n\r\n");

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", (chunk) => {
    let heads = 0;
    for (let at = chunk.indexOf(HEAD_END); at >= 0; at = chunk.indexOf(HEAD_END, at + 4)) heads++;
    if (heads > 0) socket.write(ANSWER.repeat(heads));
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit());
