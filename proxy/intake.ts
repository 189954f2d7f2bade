import { Socket } from "node:net";
import { SPARE_BYTES } from "./spares.ts";
import { copyOf } from "./wire.ts";

/** Where plain sockets are read into, one after another. No larger than a spare: what is held of it goes into one. */
export const intake = Buffer.allocUnsafeSlow(SPARE_BYTES);

/** Takes over what came, and only until it returns: what is kept is copied, see `owned`. */
export type Receive = (bytes: Buffer) => void;

const { bufferKey, callbackKey } = keysOf(new Socket());

/**
 * Hands over what the socket reads, out of `intake` where Node lets us: a read then costs no allocation of 64 KiB and no
 * pass through a stream. For the sockets of `connect` that is its option `onread`; a server's have no such option, so
 * what the option sets is set here. Where a future Node keeps it elsewhere, the stream is read. Pausing works as ever.
 */
export function readInto(socket: Socket, receive: Receive): void {
  const inner = socket as unknown as {
    _handle: { useUserBuffer?(buffer: Buffer): void } | null;
    [key: symbol]: unknown;
  };
  const canShare =
    bufferKey !== undefined &&
    callbackKey !== undefined &&
    inner[bufferKey] === null &&
    typeof inner._handle?.useUserBuffer === "function";
  if (!canShare) {
    socket.on("data", receive);
    return;
  }
  inner[bufferKey] = intake;
  inner[callbackKey] = receiver(receive);
  inner._handle!.useUserBuffer!(intake);
}

/** The callback of `onread`. */
export function receiver(receive: Receive): (length: number) => boolean {
  return (length) => {
    receive(intake.subarray(0, length));
    return true;
  };
}

/** The bytes for keeps: a copy where the next read would write over them. */
export function owned(bytes: Buffer): Buffer {
  return isBorrowed(bytes) ? copyOf(bytes) : bytes;
}

/** Whether the next read of any socket writes over the bytes. */
export function isBorrowed(bytes: Buffer): boolean {
  return bytes.buffer === intake.buffer;
}

function keysOf(socket: Socket): { bufferKey: symbol | undefined; callbackKey: symbol | undefined } {
  const keys = Object.getOwnPropertySymbols(socket);
  const key = (name: string) => keys.find(({ description }) => description === name);
  return { bufferKey: key("kBuffer"), callbackKey: key("kBufferCb") };
}
