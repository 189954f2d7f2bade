import type { HookRecord } from "../../rules/hook.ts";
import type { Notice } from "../../rules/store/outbox.ts";
import type { Mailer } from "./mail.ts";
import type { Poster } from "./post.ts";
import { SealBroken, type Sealer } from "./seal.ts";
import type { Sent } from "./sent.ts";
import { signatureHeaders } from "./signature.ts";
import { slackBody, wordsOf } from "./words.ts";

/** What is sent once. */
export interface Parcel {
  readonly messageId: string;
  readonly notice: Notice;
  /** Of this try, in milliseconds since 1970. */
  readonly at: number;
}

/** Carries a message to a destination of any kind. */
export class Carrier {
  readonly #poster: Poster;
  /** Null where no mail server is configured. */
  readonly #mailer: Mailer | null;

  constructor(poster: Poster, mailer: Mailer | null) {
    this.#poster = poster;
    this.#mailer = mailer;
  }

  get sendsMail(): boolean {
    return this.#mailer !== null;
  }

  /** Never rejects. Secrets are opened here, for this one try. */
  async carry(sealer: Sealer, hook: HookRecord, { messageId, notice, at }: Parcel): Promise<Sent> {
    const { target } = hook;
    try {
      if (target.kind === "email") {
        if (this.#mailer === null) return unsent("admin.smtp is not configured");
        const { title, lines } = wordsOf(notice);
        const subject = `[Leakgate] ${title}`;
        return await this.#mailer.send({ messageId, to: target.to, subject, text: `${lines.join("\n")}\n` });
      }
      const valid = hook.secrets.filter(({ until }) => until === null || until > at);
      const secrets = valid.map(({ sealed }) => sealer.open(hook.id, sealed));
      if (target.kind === "slack") return await this.#poster.post(secrets[0]!, {}, slackBody(notice));
      const body = JSON.stringify(notice);
      return await this.#poster.post(target.url, signatureHeaders(messageId, at, body, secrets), body);
    } catch (error) {
      return unsent(error instanceof SealBroken ? error.message : "the message could not be made");
    }
  }

  async close(): Promise<void> {
    this.#mailer?.close();
    await this.#poster.close();
  }
}

function unsent(error: string): Sent {
  return { kind: "failed", status: null, ms: 0, error, retryAfterMs: null };
}
