import { lstatSync } from "node:fs";
import { z } from "zod";
import { HEAD_BYTES, packingOf } from "./archive/kinds.ts";
import { TarBroken, tarEntries } from "./archive/tar.ts";
import { stretch } from "./archive/zip.ts";
import { ArchiveReader } from "./archive.ts";
import { Cursor } from "./bounds.ts";
import { ScannedFile } from "./file.ts";
import { FolderReader } from "./folder.ts";
import type { Piece, Reader, ReadOptions } from "./source.ts";

/** Of a manifest or a configuration in an image. */
const JSON_BYTES_MAX = 4 * 1024 * 1024;
/** Configurations that are kept until the manifest, which may come last, says which of them count. */
const CONFIGS_MAX = 64;

const manifestSchema = z.array(z.object({ Config: z.string(), Layers: z.array(z.string()) }));
const configSchema = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

/**
 * A container image as `docker save` writes it, or in OCI's layout, as a tar or a folder. Its layers are archives among other
 * files, named by their digests: `image.tar!/sha256:...!/etc/app.env`. What a later layer deletes is found all the same, and the
 * configuration, with its variables, is a text like any other.
 */
export function imageReader(path: string): Reader {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
    ? new ImageFolderReader(path)
    : new ImageFileReader(path);
}

class ImageFolderReader implements Reader {
  readonly source = "image";
  readonly label: string;
  private readonly folder: FolderReader;

  constructor(path: string) {
    this.folder = new FolderReader(path);
    this.label = this.folder.label;
  }

  async *read(options: ReadOptions): AsyncGenerator<Piece> {
    for await (const piece of this.folder.read(options)) {
      if (piece.kind !== "text") yield piece;
      else {
        const { place, path } = piece;
        const named = { ...place, source: this.source, path: blobName(place.path ?? path) };
        yield { ...piece, path: blobName(path), place: named };
      }
    }
  }
}

class ImageFileReader extends ArchiveReader {
  override readonly source = "image";

  protected override async namesOf(file: ScannedFile): Promise<(name: string) => string> {
    const head = await file.read(0, HEAD_BYTES);
    const layers = packingOf(head) === "tar" ? await layersOf(file) : new Map<string, string>();
    return (name) => layers.get(name) ?? blobName(name);
  }
}

/** Whether a file is a tar that says it is an image; archives that are packed are none. Rejects where it cannot be read. */
export async function isImage(path: string): Promise<boolean> {
  const file = await ScannedFile.open(path);
  if (file === null) return false;
  const cursor = new Cursor(stretch(file, 0, file.size));
  try {
    if (packingOf(await cursor.peek(HEAD_BYTES)) !== "tar") return false;
    for await (const { name } of tarEntries(cursor))
      if (name === "manifest.json" || name === "oci-layout") return true;
    return false;
  } catch (error) {
    if (!(error instanceof TarBroken)) throw error;
    return false;
  } finally {
    await cursor.close();
    await file.close();
  }
}

/** `blobs/sha256/ab..` is `sha256:ab..` */
function blobName(path: string): string {
  return path.replace(/(^|\/)blobs\/(sha256|sha512)\/([0-9a-f]{64,128})(?=$|!)/, "$1$2:$3");
}

/** The digests of the layers, by what they are called in the archive. An archive that breaks off is told of when it is read. */
async function layersOf(file: ScannedFile): Promise<ReadonlyMap<string, string>> {
  const documents = new Map<string, string>();
  const cursor = new Cursor(stretch(file, 0, file.size));
  try {
    for await (const { name, size, bytes } of tarEntries(cursor)) {
      const isConfig = /^(?:[0-9a-f]{64}\.json|blobs\/sha256\/[0-9a-f]{64})$/.test(name);
      if (size > JSON_BYTES_MAX || !(name === "manifest.json" || (isConfig && documents.size < CONFIGS_MAX)))
        continue;
      const parts: Buffer[] = [];
      for await (const part of bytes) parts.push(part);
      documents.set(name, Buffer.concat(parts).toString("utf8"));
    }
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== "string") throw error;
  } finally {
    await cursor.close();
  }
  const layers = new Map<string, string>();
  for (const { Config, Layers } of parsed(manifestSchema, documents.get("manifest.json")) ?? []) {
    const digests = parsed(configSchema, documents.get(Config))?.rootfs.diff_ids ?? [];
    for (const [index, name] of Layers.entries()) {
      const digest = digests[index];
      if (digest !== undefined && /^sha(?:256|512):[0-9a-f]{64,128}$/.test(digest)) layers.set(name, digest);
    }
  }
  return layers;
}

function parsed<T>(schema: z.ZodType<T>, text: string | undefined): T | null {
  try {
    return schema.safeParse(JSON.parse(text ?? "null")).data ?? null;
  } catch {
    return null;
  }
}
