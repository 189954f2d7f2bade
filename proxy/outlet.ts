import type { Socket } from "node:net";
import { getSystemErrorName } from "node:util";
import { giveSpare, SPARE_BYTES, takeSpare } from "./spares.ts";

/** Up to here pieces are copied into one write; beyond it they are handed over side by side. */
const COPY_MAX = 16 * 1024;
/** So many bytes of one socket do not wait for the end of the turn. */
const QUEUE_MAX = 128 * 1024;
/** So many sockets are written to in a row; with more the first of them would wait for the last. */
const DUE_MAX = 64;

/** What stands for a write that the kernel has not taken whole. */
interface WriteRequest {
  oncomplete?: (status: number) => void;
  /** Keeps in memory what the kernel has not taken. */
  pieces?: Buffer | readonly Buffer[];
}

/** The handle of a plain socket (libuv_stream_wrap): writes at once what the kernel takes, queues the rest. */
interface Handle {
  readonly constructor: { readonly name: string };
  /** Answers 0 or an error; where nothing was given, what stands for the write if it goes on. */
  writeBuffer(request: WriteRequest | null, bytes: Buffer): number | WriteRequest;
  writev(request: WriteRequest | null, pieces: readonly Buffer[], areBuffers: true): number | WriteRequest;
  readonly writeQueueSize: number;
}

const NONE: readonly Buffer[] = [];
const due: Outlet[] = [];
let isScheduled = false;
/** How this Node's handles are written to, as its own streams showed: before Node 26 each write is given a request. */
let isKnown = false;
/** The one for the next write; taken only where the kernel does not take all at once. */
let request: WriteRequest | null = null;

/**
 * What goes out on one socket. Pieces wait for the end of the event loop's turn and go out in one system call a socket,
 * all sockets in a row: whoever reads them is then woken once, and not for each (a third of the time in the kernel,
 * docs/benchmarks.md). Plain sockets are written to by their handle, past the machinery of streams, which takes 5 us of
 * processor time a request; TLS, a socket that connects, and a Node that keeps its handles elsewhere use the stream.
 */
export class Outlet {
  readonly socket: Socket;
  private readonly onDrained: () => void;
  private first: Buffer | null = null;
  private rest: Buffer[] | null = null;
  private queuedBytes = 0;
  /** What pieces lie in that are to be given back once they, and all before them, are written. */
  private lent: readonly Buffer[] = NONE;
  private isDue = false;
  /** A write past the stream that the kernel has not taken whole. */
  private isPending = false;
  /** It was told to be full, and has not been empty since. */
  private needsDrain = false;
  private handle: Handle | null = null;
  private isPlain = false;

  /** `onDrained` is called when a socket that was full takes more. */
  constructor(socket: Socket, onDrained: () => void) {
    this.socket = socket;
    this.onDrained = onDrained;
    socket.on("drain", onDrained);
  }

  /** The other side does not read as fast as we write. */
  get isFull(): boolean {
    return this.needsDrain || this.socket.writableNeedDrain;
  }

  /**
   * What the kernel has not taken yet: changes with every byte it takes, while `writableLength` counts a write under way
   * as whole until it is over. Node's own time-outs look at `writeQueueSize` too.
   */
  get unwritten(): number {
    return this.queuedBytes + this.socket.writableLength + (handleOf(this.socket)?.writeQueueSize ?? 0);
  }

  /** Writes bytes that stay as they are; answers whether the socket wants more. */
  write(bytes: Buffer): boolean {
    this.queuedBytes += bytes.length;
    if (this.first === null) this.first = bytes;
    else if (this.rest === null) this.rest = [bytes];
    else this.rest.push(bytes);
    if (this.isPending) {
      if (this.unwritten >= this.socket.writableHighWaterMark) this.needsDrain = true;
    } else if (this.queuedBytes >= QUEUE_MAX) {
      this.flush();
    } else if (!this.isDue) {
      this.isDue = true;
      schedule(this);
    }
    return !this.isFull;
  }

  /** Writes latin1 text around bytes that may be read over afterwards; answers whether the socket wants more. */
  writeAround(before: string, bytes: Buffer | null, after: string): boolean {
    const length = before.length + (bytes === null ? 0 : bytes.length) + after.length;
    if (length <= COPY_MAX) {
      const whole = Buffer.allocUnsafe(length);
      whole.latin1Write(before, 0);
      if (bytes !== null) bytes.copy(whole, before.length);
      if (after !== "") whole.latin1Write(after, length - after.length);
      return this.write(whole);
    }
    if (before !== "") this.write(Buffer.from(before, "latin1"));
    if (bytes !== null && bytes.length <= SPARE_BYTES) {
      const spare = takeSpare();
      bytes.copy(spare);
      this.write(spare.subarray(0, bytes.length));
      this.lend([spare]);
    } else if (bytes !== null) {
      this.write(Buffer.from(bytes));
    }
    if (after !== "") this.write(Buffer.from(after, "latin1"));
    this.flush();
    return !this.isFull;
  }

  /** Takes over the spares in which pieces lie that were written just now. */
  lend(spares: readonly Buffer[]): void {
    if (spares.length > 0) this.lent = this.lent.length === 0 ? spares : [...this.lent, ...spares];
  }

  /** Hands over now what waits for the end of the turn. */
  flush(): void {
    this.isDue = false;
    const { first, rest, socket } = this;
    if (first === null || this.isPending) return;
    const { queuedBytes: length, lent } = this;
    this.forget();
    if (socket.destroyed) return;
    const pieces =
      rest === null ? first : length <= COPY_MAX ? Buffer.concat([first, ...rest], length) : [first, ...rest];
    const handle = this.directHandle();
    // Of a stream nobody knows when it is through with the pieces: their spares are left to the collector.
    if (handle === null) writeStream(socket, pieces);
    else this.writeHandle(handle, pieces, lent);
  }

  /** Says no more after what was written. */
  end(): void {
    this.flush();
    // What waits behind a write that is under way goes the stream's way, which ends after it.
    if (this.first !== null) writeStream(this.socket, [this.first, ...(this.rest ?? [])]);
    this.forget();
    this.socket.end();
  }

  private forget(): void {
    this.first = null;
    this.rest = null;
    this.queuedBytes = 0;
    this.lent = NONE;
  }

  private writeHandle(handle: Handle, pieces: Buffer | readonly Buffer[], lent: readonly Buffer[]): void {
    const answer = Buffer.isBuffer(pieces)
      ? handle.writeBuffer(request, pieces)
      : handle.writev(request, pieces, true);
    if (typeof answer !== "number") {
      this.waitFor(answer, pieces, lent);
    } else if (answer !== 0) {
      this.fail(answer);
    } else if (request !== null && handle.writeQueueSize > 0) {
      const taken = request;
      request = another(taken);
      this.waitFor(taken, pieces, lent);
    } else {
      for (const spare of lent) giveSpare(spare);
    }
  }

  private waitFor(write: WriteRequest, pieces: Buffer | readonly Buffer[], lent: readonly Buffer[]): void {
    this.isPending = true;
    if (this.unwritten >= this.socket.writableHighWaterMark) this.needsDrain = true;
    write.pieces = pieces;
    write.oncomplete = (status) => {
      this.isPending = false;
      for (const spare of lent) giveSpare(spare);
      if (status < 0) {
        this.fail(status);
        return;
      }
      this.flush();
      if (this.isPending || !this.needsDrain) return;
      this.needsDrain = false;
      this.onDrained();
    };
  }

  private fail(error: number): void {
    const code = getSystemErrorName(error);
    this.socket.destroy(Object.assign(new Error(`write ${code}`), { code }));
  }

  /** Null where the stream has to be used, or has bytes that go first. */
  private directHandle(): Handle | null {
    const { socket } = this;
    if (socket.connecting || socket.writableLength > 0) return null;
    const handle = handleOf(socket);
    if (handle !== this.handle) {
      this.handle = handle;
      this.isPlain = handle?.constructor.name === "TCP";
    }
    if (!this.isPlain || handle === null) return null;
    if (isKnown) return handle;
    learn(handle);
    return null;
  }
}

function schedule(outlet: Outlet): void {
  due.push(outlet);
  if (due.length >= DUE_MAX) {
    flushDue();
  } else if (!isScheduled) {
    isScheduled = true;
    // Comes right after all that has arrived in this turn.
    setImmediate(flushTurn);
  }
}

function flushTurn(): void {
  isScheduled = false;
  flushDue();
}

function flushDue(): void {
  for (let index = 0; index < due.length; index++) due[index]!.flush();
  due.length = 0;
}

/** What Node's own streams give their handles has no name outside of Node: the next write shows it. */
function learn(handle: Handle): void {
  const { writeBuffer } = handle;
  handle.writeBuffer = (shown, bytes) => {
    Reflect.deleteProperty(handle, "writeBuffer");
    isKnown = true;
    if (shown !== null) request = another(shown);
    return writeBuffer.call(handle, shown, bytes);
  };
}

function another(write: WriteRequest): WriteRequest {
  return new (write.constructor as new () => WriteRequest)();
}

function writeStream(socket: Socket, pieces: Buffer | readonly Buffer[]): void {
  if (Buffer.isBuffer(pieces)) {
    socket.write(pieces);
    return;
  }
  socket.cork();
  for (const piece of pieces) socket.write(piece);
  socket.uncork();
}

function handleOf(socket: Socket): Handle | null {
  return (socket as unknown as { readonly _handle: Handle | null })._handle;
}
