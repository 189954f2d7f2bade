import { z } from "zod";
import type { Mark, Piece, Reader, ReadOptions } from "../source.ts";
import type { RemoteClient, Validators } from "./client.ts";
import { labelOf, page } from "./page.ts";

export const validatorsSchema = z.object({
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
});

/** One page or file. Its mark is what the server tells it by (ETag, Last-Modified): unchanged it costs one request. */
export class UrlReader implements Reader {
  readonly source = "url";
  readonly label: string;
  private readonly client: RemoteClient;
  private readonly url: URL;

  constructor(client: RemoteClient, url: URL) {
    this.client = client;
    this.url = url;
    this.label = labelOf(url);
  }

  async *read(options: ReadOptions): AsyncGenerator<Piece> {
    const { client, source, url } = this;
    const { failure, validators } = yield* page({
      client,
      source,
      url,
      options,
      validators: markOf(options.mark),
    });
    if (options.signal.aborted) return;
    if (failure !== null) throw failure;
    yield { kind: "mark", mark: validators === null ? {} : { ...validators } };
  }
}

function markOf(mark: Mark | null): Validators | null {
  return validatorsSchema.safeParse(mark).data ?? null;
}
