import { expect, test } from "vitest";
import { CompressedMessages } from "./grpc.ts";

function frame(flag: number, text: string): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(text.length, 1);
  return Buffer.concat([prefix, Buffer.from(text)]);
}

test("takes out what is compressed, however the stream is cut", () => {
  const stream = Buffer.concat([
    frame(1, "made"),
    frame(0, "plain"),
    frame(1, ""),
    frame(1, "-up"),
    frame(0, ""),
  ]);
  for (let size = 1; size <= stream.length; size++) {
    const messages = new CompressedMessages();
    let text = "";
    for (let at = 0; at < stream.length; at += size)
      text += messages.take(stream.subarray(at, at + size)).toString();
    expect(text).toBe("made-up");
  }
});
