import { createHmac, createSecretKey, hash, hkdfSync, type KeyObject, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

const SECRET_BYTES_MIN = 32;
/** SHA-256 takes so many bytes at once, and gives so many. */
const BLOCK_BYTES = 64;
const SHA256_BYTES = 32;
/** As long as a token may be; what is longer goes another way. */
const SHORT_MAX = 4_096;

/** The pepper cannot be used; the message says why and what to do, and holds nothing of it. */
export class PepperUnusable extends Error {
  readonly code = "PepperUnusable";
}

/** The deployment's secret, without which a digest says nothing. Never in the store, and never shown. */
export class Pepper {
  /** Public: tells peppers apart (16 hex digits). Stored beside the digests, so that a wrong pepper is refused at start. */
  readonly id: string;
  readonly #key: KeyObject;
  readonly #secret: Buffer;
  /** The key's two blocks, each with room for what is hashed behind it. */
  readonly #inner = Buffer.alloc(BLOCK_BYTES + SHORT_MAX, 0x36);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + SHA256_BYTES, 0x5c);

  private constructor(secret: Buffer) {
    this.#secret = secret;
    // A KeyObject: createHmac with a Buffer costs 30 us on Node 24, with a KeyObject 4 us.
    const key = this.derive("digest", 32);
    this.#key = createSecretKey(key);
    for (let at = 0; at < key.length; at++) {
      this.#inner[at]! ^= key[at]!;
      this.#outer[at]! ^= key[at]!;
    }
    this.id = this.derive("id", 8).toString("hex");
  }

  static fromBytes(secret: Buffer): Pepper {
    if (secret.length < SECRET_BYTES_MIN)
      throw new PepperUnusable(`the pepper is shorter than ${SECRET_BYTES_MIN} bytes`);
    return new Pepper(Buffer.from(secret));
  }

  /** Reads `LEAKGATE_PEPPER_FILE`, else `<data>/pepper`; throws PepperUnusable. */
  static load(dataDir: string, env: NodeJS.ProcessEnv = process.env): Pepper {
    const named = env.LEAKGATE_PEPPER_FILE;
    const path = named ?? join(dataDir, "pepper");
    let file: number;
    try {
      file = openSync(path, "r");
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code;
      throw new PepperUnusable(
        `could not read the pepper ${path} (${reason}); without it no stored digest can be matched`,
      );
    }
    try {
      // A secret mounted by an orchestrator has the modes that the orchestrator gives it.
      const open = fstatSync(file).mode & 0o077;
      if (named === undefined && open !== 0)
        throw new PepperUnusable(`others may read the pepper ${path}; run: chmod 600 ${path}`);
      const secret = Buffer.from(readFileSync(file, "latin1").trim(), "latin1");
      if (secret.length < SECRET_BYTES_MIN)
        throw new PepperUnusable(`the pepper ${path} is shorter than ${SECRET_BYTES_MIN} bytes`);
      return new Pepper(secret);
    } finally {
      closeSync(file);
    }
  }

  /** The same, and makes `<data>` (0700) and `<data>/pepper` (0600) at the first start. Of two at once, one wins and both load it. */
  static loadOrCreate(dataDir: string, env: NodeJS.ProcessEnv = process.env): Pepper {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    // Beside rules whose pepper is lost a new one would match none of their tokens, and lie where the right one belongs.
    const isNew = !existsSync(join(dataDir, "rules", "data.mdb"));
    if (env.LEAKGATE_PEPPER_FILE === undefined && isNew) createOnce(join(dataDir, "pepper"));
    return Pepper.load(dataDir, env);
  }

  /**
   * HMAC-SHA-256 (RFC 2104) of the bytes; 32 bytes. Of what is short by its definition, two hashes: an Hmac object costs
   * as much again, and more once it is collected (a sixth of a blocked request).
   */
  digestOf(bytes: Uint8Array): Buffer {
    const { length } = bytes;
    if (length > SHORT_MAX) return createHmac("sha256", this.#key).update(bytes).digest();
    const inner = this.#inner;
    const outer = this.#outer;
    inner.set(bytes, BLOCK_BYTES);
    outer.write(hash("sha256", inner.subarray(0, BLOCK_BYTES + length), "base64"), BLOCK_BYTES, "base64");
    // The bytes may be a token's: none stays in memory.
    inner.fill(0, BLOCK_BYTES, BLOCK_BYTES + length);
    return Buffer.from(hash("sha256", outer, "base64"), "base64");
  }

  /** Key material for one purpose (HKDF, RFC 5869). */
  derive(purpose: string, bytes: number): Buffer {
    return Buffer.from(hkdfSync("sha256", this.#secret, "leakgate", `leakgate ${purpose} v1`, bytes));
  }
}

function createOnce(path: string): void {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = openSync(temporary, "wx", 0o600);
  try {
    writeSync(file, `${randomBytes(32).toString("hex")}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    // A link either makes the whole file or fails: nobody ever reads half a pepper.
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    unlinkSync(temporary);
  }
}
