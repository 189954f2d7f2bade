/**
 * A small assembler of WebAssembly: each function answers the bytes of an instruction behind those of its operands,
 * so that a program reads like its text form. Only what the sieve needs (WebAssembly Core 2.0, section 5).
 */
export type Code = readonly number[];

const [I32, I64, V128] = [0x7f, 0x7e, 0x7b] as const;
/** What a local may hold. */
export const Kind = { i32: I32, i64: I64, v128: V128 } as const;
type Operation = (...operands: Code[]) => Code;

const SIMD = 0xfd;
/** A block that leaves no value. */
const NOTHING = 0x40;

const operation =
  (...opcode: number[]): Operation =>
  (...operands) => [...operands.flat(), ...opcode];

export const i32 = {
  value: (value: number): Code => [0x41, ...signed(BigInt(value))],
  store: (offset: number, address: Code, value: Code): Code => [
    ...address,
    ...value,
    0x36,
    2,
    ...unsigned(offset),
  ],
  store16: (offset: number, address: Code, value: Code): Code => [
    ...address,
    ...value,
    0x3b,
    1,
    ...unsigned(offset),
  ],
  load: (offset: number, address: Code): Code => [...address, 0x28, 2, ...unsigned(offset)],
  load8: (offset: number, address: Code): Code => [...address, 0x2d, 0, ...unsigned(offset)],
  lessThan: operation(0x48),
  add: operation(0x6a),
  subtract: operation(0x6b),
  and: operation(0x71),
  or: operation(0x72),
  xor: operation(0x73),
  shiftLeft: operation(0x74),
  rotateLeft: operation(0x77),
  fromI64: operation(0xa7),
};

export const i64 = {
  value: (value: bigint): Code => [0x42, ...signed(value)],
  notEqual: operation(0x52),
  leadingZeros: operation(0x79),
  trailingZeros: operation(0x7a),
  subtract: operation(0x7d),
  and: operation(0x83),
  or: operation(0x84),
  xor: operation(0x85),
  shiftLeft: operation(0x86),
  fromI32: operation(0xad),
};

export const v128 = {
  load: (offset: number, address: Code): Code => [...address, SIMD, 0, 0, ...unsigned(offset)],
  store: (offset: number, address: Code, value: Code): Code => [
    ...address,
    ...value,
    SIMD,
    11,
    0,
    ...unsigned(offset),
  ],
  value: (bytes: readonly number[]): Code => [SIMD, 12, ...bytes],
  all: (byte: number): Code => v128.value(new Array<number>(16).fill(byte)),
  /** For each byte of the second operand, below 16, the byte of the first that stands there. */
  lookUp: operation(SIMD, 14),
  equal: operation(SIMD, 35),
  atMost: operation(SIMD, 42),
  and: operation(SIMD, 78),
  or: operation(SIMD, 80),
  hasAny: operation(SIMD, 83),
  /** Whether no byte is zero. */
  areAllSet: operation(SIMD, 99),
  /** The top bits of all bytes, as 16 bits. */
  topBits: operation(SIMD, 100),
  shiftRight: operation(SIMD, 109),
  least: operation(SIMD, 119),
};

export function get(local: number): Code {
  return [0x20, local];
}

export function set(local: number, value: Code): Code {
  return [...value, 0x21, local];
}

/** The first where the condition is not 0, else the second: both are made. */
export const choose: Operation = operation(0x1b);

export function when(condition: Code, ...body: Code[]): Code {
  return [...condition, 0x04, NOTHING, ...body.flat(), 0x0b];
}

/** Repeats for as long as the condition, looked at first, is not 0. */
export function repeatWhile(condition: Code, ...body: Code[]): Code {
  const again = [...body.flat(), 0x0c, 1];
  return [0x03, NOTHING, ...condition, 0x04, NOTHING, ...again, 0x0b, 0x0b];
}

/** A module of two pages of memory and one function of `parameters` i32 that answers an i32, exported by these names. */
export function moduleOf(
  name: string,
  parameters: number,
  locals: readonly number[],
  body: Code,
): Uint8Array {
  const declared = locals.flatMap((kind) => [1, kind]);
  const code = [...unsigned(locals.length), ...declared, ...body, 0x0b];
  const type = [0x60, ...unsigned(parameters), ...new Array<number>(parameters).fill(I32), 1, I32];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, ...type]),
    ...section(3, [1, 0]),
    ...section(5, [1, 1, 2, 2]),
    ...section(7, [2, ...text("memory"), 2, 0, ...text(name), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function text(name: string): Code {
  return [...unsigned(name.length), ...Buffer.from(name, "latin1")];
}

/** LEB128 (section 5.2.2). */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: bigint): Code {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
