import { readFileSync } from "node:fs";
import { createTransport, type Transporter } from "nodemailer";
import type { SmtpConfig } from "./config.ts";
import { codeOf, type Sent } from "./sent.ts";

export interface Mail {
  readonly messageId: string;
  readonly to: readonly string[];
  /** One line. */
  readonly subject: string;
  readonly text: string;
}

/** Sends mail through the configured server. Each mail has a connection of its own. */
export class Mailer {
  readonly #transport: Transporter;
  readonly #from: string;

  /** Throws where the password file cannot be read. */
  constructor(config: SmtpConfig, timeoutMs: number) {
    this.#from = config.from;
    this.#transport = createTransport({
      host: config.host,
      port: config.port,
      secure: config.secure,
      requireTLS: !config.secure && !config.insecure,
      ignoreTLS: config.insecure,
      ...authOf(config),
      // A mail holds what we wrote into it, and is not to fetch anything.
      disableFileAccess: true,
      disableUrlAccess: true,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
    });
  }

  /** Never rejects. One message for all recipients; it counts as delivered when the server took it for one of them. */
  async send({ messageId, to, subject, text }: Mail): Promise<Sent> {
    const began = performance.now();
    const over = (kind: Sent["kind"], status: number | null, error: string | null): Sent => {
      return { kind, status, ms: Math.round(performance.now() - began), error, retryAfterMs: null };
    };
    try {
      await this.#transport.sendMail({
        from: { name: "Leakgate", address: this.#from },
        // Objects, so that no text is parsed for addresses.
        to: to.map((address) => ({ name: "", address })),
        subject,
        text,
        messageId: `<${messageId}@leakgate>`,
        // RFC 3834: no out-of-office replies.
        headers: { "auto-submitted": "auto-generated" },
      });
      return over("delivered", 250, null);
    } catch (error) {
      const status = replyCode(error);
      const code = codeOf(error);
      // Other failures (EAUTH, EDNS) may be those of a server that is being set up.
      const isFinal = status !== null && status >= 500 && (code === "EENVELOPE" || code === "EMESSAGE");
      const words = status === null ? `(${code})` : `(${code}, reply ${status})`;
      return over(isFinal ? "refused" : "failed", status, `the mail server did not take it ${words}`);
    }
  }

  close(): void {
    this.#transport.close();
  }
}

function authOf({ user, passwordFile }: SmtpConfig): { auth?: { user: string; pass: string } } {
  if (user === undefined) return {};
  if (passwordFile === undefined) return { auth: { user, pass: "" } };
  try {
    return { auth: { user, pass: readFileSync(passwordFile, "utf8").trim() } };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`could not read admin.smtp.passwordFile ${passwordFile} (${code})`);
  }
}

function replyCode(error: unknown): number | null {
  const code = error instanceof Error && "responseCode" in error ? error.responseCode : undefined;
  return typeof code === "number" ? code : null;
}
