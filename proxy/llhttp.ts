import { createRequire } from "node:module";

/**
 * llhttp, the parser of Node itself, as WebAssembly from undici's package (deep import, exact version pinned,
 * `llhttp.test.ts` holds the contract). One instance, one shared input buffer, many parsers.
 *
 * A head is always handed over whole, in one call, so its names and values are plain spans of the bytes given;
 * only chunked bodies keep a parser between calls. `execute` is never called within a callback.
 */
const load = createRequire(import.meta.url);

interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(size: number): number;
  free(pointer: number): void;
  llhttp_alloc(type: number): number;
  llhttp_reset(parser: number): void;
  llhttp_execute(parser: number, data: number, length: number): number;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_error_reason(parser: number): number;
}

/** What llhttp answers; any other number is an error of the sender. */
export const OK = 0;
const PAUSED = 21;
const PAUSED_UPGRADE = 22;
const PAUSED_H2_UPGRADE = 23;

export const REQUEST = 1;
export const RESPONSE = 2;
export type ParserType = typeof REQUEST | typeof RESPONSE;

const INPUT_BYTES = 64 * 1024;

/** Four numbers a header field: start and end of its name, start and end of its value, in the bytes given. */
export let spans = new Int32Array(4 * 128);

let current: Parser | null = null;
let spanCount = 0;

const instance = new WebAssembly.Instance(compile(), {
  env: {
    wasm_on_message_begin: () => 0,
    wasm_on_url: () => 0,
    wasm_on_status: () => 0,
    wasm_on_header_field: onHeaderField,
    wasm_on_header_value: onHeaderValue,
    wasm_on_headers_complete: onHeadersComplete,
    wasm_on_body: onBody,
    wasm_on_message_complete: onMessageComplete,
  },
});
const wasm = instance.exports as unknown as Exports;
wasm._initialize();

let inputBytes = INPUT_BYTES;
let input = wasm.malloc(inputBytes);
let heap = Buffer.from(wasm.memory.buffer);

/** One message's parser. Take it from `takeParser`, give it back with `giveParser` when the message is over. */
export class Parser {
  readonly type: ParserType;
  readonly pointer: number;
  /** Header fields of the head just parsed; read them from `spans` before any parser executes again. */
  headerCount = 0;
  /** The message has ended; `consumed` tells where in the bytes given. */
  complete = false;
  consumed = 0;
  /** Start and end of each stretch of body in the bytes given, in pairs. */
  readonly body: number[] = [];
  bodyBytes = 0;
  /** Trailer names and values in turn, as latin1 text; only after a chunked body. */
  readonly trailers: string[] = [];
  trailerBytes = 0;
  inTrailers = false;
  inValue = false;
  bytes: Buffer = heap;
  from = 0;

  constructor(type: ParserType) {
    this.type = type;
    this.pointer = wasm.llhttp_alloc(type);
  }

  /** Feeds `bytes[from, to)`; answers OK or the llhttp error number. Stops at the end of the message. */
  execute(bytes: Buffer, from: number, to: number): number {
    this.bytes = bytes;
    // Setting the length of an array leaves compiled code.
    if (this.body.length > 0) this.body.length = 0;
    this.bodyBytes = 0;
    let at = from;
    let answer = OK;
    do {
      const length = Math.min(to - at, inputBytes);
      fill(bytes, at, at + length);
      this.from = at;
      current = this;
      answer = wasm.llhttp_execute(this.pointer, input, length);
      current = null;
      at = this.complete ? at + wasm.llhttp_get_error_pos(this.pointer) - input : at + length;
    } while (answer === OK && at < to);
    this.consumed = at;
    this.bytes = heap;
    const stopped = answer === PAUSED || answer === PAUSED_UPGRADE || answer === PAUSED_H2_UPGRADE;
    return stopped ? OK : answer;
  }

  /** Parses a whole head, `bytes[from, to)` ending in an empty line; fills `spans`. */
  executeHead(bytes: Buffer, from: number, to: number): number {
    if (to - from > inputBytes) growInput(to - from);
    spanCount = 0;
    this.inValue = false;
    const answer = this.execute(bytes, from, to);
    this.headerCount = spanCount;
    return answer;
  }
}

const free: Record<ParserType, Parser[]> = { [REQUEST]: [], [RESPONSE]: [] };

/** A parser ready for a new message. */
export function takeParser(type: ParserType): Parser {
  const parser = free[type].pop();
  if (parser === undefined) return new Parser(type);
  wasm.llhttp_reset(parser.pointer);
  parser.complete = false;
  parser.inTrailers = false;
  parser.trailerBytes = 0;
  if (parser.trailers.length > 0) parser.trailers.length = 0;
  return parser;
}

/** Parsers are kept, not freed: there are at most as many as chunked bodies were under way at once. */
export function giveParser(parser: Parser): void {
  free[parser.type].push(parser);
}

function compile(): WebAssembly.Module {
  try {
    return new WebAssembly.Module(load("undici/lib/llhttp/llhttp_simd-wasm.js") as Uint8Array);
  } catch {
    // Processors without SIMD.
    return new WebAssembly.Module(load("undici/lib/llhttp/llhttp-wasm.js") as Uint8Array);
  }
}

function fill(bytes: Buffer, from: number, to: number): void {
  // Memory that grew detaches the old view, which then has no length.
  if (heap.length === 0) heap = Buffer.from(wasm.memory.buffer);
  bytes.copy(heap, input, from, to);
}

function growInput(bytes: number): void {
  wasm.free(input);
  inputBytes = bytes;
  input = wasm.malloc(bytes);
}

function onHeaderField(_parser: number, at: number, length: number): number {
  const parser = current!;
  if (parser.inTrailers) {
    const text = trailerText(parser, at, length);
    if (parser.inValue || parser.trailers.length === 0) parser.trailers.push(text);
    else parser.trailers[parser.trailers.length - 1] += text;
    parser.inValue = false;
    return 0;
  }
  const start = at - input + parser.from;
  if (parser.inValue || spanCount === 0) {
    const next = spanCount * 4;
    if (next === spans.length) growSpans();
    spans[next] = start;
    spans[next + 2] = start + length;
    spans[next + 3] = start + length;
    spanCount++;
  }
  spans[spanCount * 4 - 3] = start + length;
  parser.inValue = false;
  return 0;
}

function onHeaderValue(_parser: number, at: number, length: number): number {
  const parser = current!;
  if (parser.inTrailers) {
    const text = trailerText(parser, at, length);
    if (parser.inValue) parser.trailers[parser.trailers.length - 1] += text;
    else parser.trailers.push(text);
    parser.inValue = true;
    return 0;
  }
  const start = at - input + parser.from;
  if (!parser.inValue) spans[spanCount * 4 - 2] = start;
  spans[spanCount * 4 - 1] = start + length;
  parser.inValue = true;
  return 0;
}

function onHeadersComplete(): number {
  current!.inTrailers = true;
  current!.inValue = false;
  return 0;
}

function onBody(_parser: number, at: number, length: number): number {
  const parser = current!;
  const start = at - input + parser.from;
  parser.body.push(start, start + length);
  parser.bodyBytes += length;
  return 0;
}

function onMessageComplete(): number {
  current!.complete = true;
  return PAUSED;
}

function trailerText(parser: Parser, at: number, length: number): string {
  const start = at - input + parser.from;
  parser.trailerBytes += length;
  return parser.bytes.latin1Slice(start, start + length);
}

function growSpans(): void {
  const grown = new Int32Array(spans.length * 2);
  grown.set(spans);
  spans = grown;
}
