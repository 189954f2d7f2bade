/** The statuses of all final answers in the bytes a client received; throws where they are no answers. */
export function statusesOf(received: Buffer): number[] {
  const text = received.toString("latin1");
  const statuses: number[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\r\n\r\n", at);
    const head = text.slice(at, end);
    const line = /^HTTP\/1\.1 ([1-5][0-9]{2}) [ -~]*\r\n/.exec(`${head}\r\n`);
    if (end < 0 || line === null) throw new Error(`no answer: ${JSON.stringify(text.slice(at, at + 80))}`);
    at = end + 4;
    const status = Number(line[1]);
    if (status < 200) continue;
    statuses.push(status);
    const length = Number(/\r\ncontent-length: ([0-9]+)/i.exec(head)?.[1] ?? 0);
    // The answer to HEAD says how long a body would be, and has none.
    const hasBody = at < text.length && !text.startsWith("HTTP/1.1 ", at);
    if (hasBody) at += length;
    if (at > text.length) throw new Error("an answer is cut short");
  }
  return statuses;
}
