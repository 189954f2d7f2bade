/** What Node has and its type package leaves out. */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, (...numbers: number[]) => number>>);
    readonly exports: Record<string, unknown>;
  }
}

declare module "undici/lib/llhttp/*" {
  const wasm: Uint8Array;
  export = wasm;
}

interface Buffer {
  /** `toString("latin1", start, end)` without the look-up of the encoding. */
  latin1Slice(start: number, end: number): string;
  /** `write(text, offset, "latin1")` likewise; answers the bytes written. */
  latin1Write(text: string, offset: number, length?: number): number;
}
