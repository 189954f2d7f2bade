import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { AllowPrivate } from "../outgoing/guard.ts";
import { Budget } from "./archive/budget.ts";
import { unpacked } from "./archive/unpack.ts";
import { inHand } from "./archive/zip.ts";
import { getBytes } from "./get.ts";
import { printable } from "./given.ts";
import { type Piece, type Reader, type ReadOptions, SourceFailed } from "./source.ts";

export interface NpmOptions {
  /** Below which packages are found by their names. */
  readonly registry: string;
  /** Whether the registry may be at a private address, or one of this machine. */
  readonly allowPrivate: AllowPrivate;
}

/** A name with or without a scope; a version, or a tag, `latest` where it is left out. */
const SPEC = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?([a-z0-9~-][a-z0-9._~-]*)(?:@([\w.+~-]{1,100}))?$/i;
const DOCUMENT_BYTES_MAX = 4 * 1024 * 1024;
const TARBALL_BYTES_MAX = 256 * 1024 * 1024;

const documentSchema = z.object({
  name: z.string(),
  version: z.string(),
  dist: z.object({
    tarball: z.url(),
    integrity: z.string().max(1_000).optional(),
    shasum: z
      .string()
      .regex(/^[0-9a-f]{40}$/)
      .optional(),
  }),
  _npmUser: z.object({ name: z.string() }).optional(),
});
const markSchema = z.object({ version: z.string(), sum: z.string() });

/** A package of an npm registry: the files that it installs. What its registry says of it is checked before it is unpacked. */
export class NpmReader implements Reader {
  readonly source = "npm";
  readonly label: string;
  private readonly name: string;
  private readonly version: string;
  private readonly options: NpmOptions;

  /** `spec` is `name`, `@scope/name@1.2.3`, `name@next`. Throws SourceFailed. */
  constructor(spec: string, options: NpmOptions) {
    const match = SPEC.exec(spec);
    if (match === null)
      throw new SourceFailed("the package is none: name it as NAME, NAME@VERSION or @SCOPE/NAME@TAG", {
        isLasting: true,
      });
    const [, scope = "", name, version = "latest"] = match;
    this.name = `${scope}${name}`;
    this.version = version;
    this.options = options;
    this.label = `npm:${this.name}@${version}`;
  }

  async *read({ mark, limits, signal }: ReadOptions): AsyncGenerator<Piece> {
    const { allowPrivate } = this.options;
    const get = (url: string, bytesMax: number) =>
      getBytes(url, { allowPrivate, bytesMax, signal, label: this.label });
    const document = parsed(await get(this.documentUrl(), DOCUMENT_BYTES_MAX), this.label);
    const { version, dist, _npmUser } = document;
    const sum = dist.integrity ?? dist.shasum ?? "";
    const done = markSchema.safeParse(mark).data;
    if (done === undefined || done.version !== version || done.sum !== sum || sum === "") {
      const bytes = await get(dist.tarball, Math.min(TARBALL_BYTES_MAX, limits.bytesMax));
      if (!isIntact(bytes, dist))
        throw new SourceFailed(`${this.label}: the package is not what its registry says it is`);
      const author = _npmUser?.name ?? null;
      const placeOf = (path: string) => ({ source: this.source, url: dist.tarball, path, author });
      const path = `${this.name}@${printable(version)}`;
      yield* unpacked(inHand(bytes), path, { budget: new Budget(limits, bytes.length), placeOf });
    }
    yield { kind: "mark", mark: { version, sum } };
  }

  private documentUrl(): string {
    const { registry } = this.options;
    const name = this.name.replace("/", "%2f");
    return `${registry}${registry.endsWith("/") ? "" : "/"}${name}/${encodeURIComponent(this.version)}`;
  }
}

function parsed(bytes: Buffer, label: string): z.infer<typeof documentSchema> {
  try {
    return documentSchema.parse(JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    throw new SourceFailed(`${label}: the registry's answer describes no package`, { cause: error });
  }
}

/** By the strongest sum that is given (W3C, Subresource Integrity); a package without any is none that npm would install. */
function isIntact(
  bytes: Buffer,
  { integrity = "", shasum }: z.infer<typeof documentSchema>["dist"],
): boolean {
  for (const algorithm of ["sha512", "sha384", "sha256"]) {
    const sums = [...integrity.matchAll(/(sha\d+)-([\w+/]+={0,2})/g)].filter(
      ([, name]) => name === algorithm,
    );
    if (sums.length === 0) continue;
    const sum = createHash(algorithm).update(bytes).digest();
    return sums.some(([, , text]) => isSame(sum, Buffer.from(text!, "base64")));
  }
  const sum = createHash("sha1").update(bytes).digest();
  return shasum !== undefined && isSame(sum, Buffer.from(shasum, "hex"));
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
