// What a server read of one request, and which of the wanted tokens are among it: each value as a whole.

const wanted = JSON.parse(process.env.WANTED ?? "[]");

/** The values a server read, each with the place it came from. */
export class Readings {
  found = new Set();
  at = new Set();

  /** A value as the framework gives it: text, a list, or an object of such; strings that hold JSON are read too. */
  add(place, value) {
    if (typeof value === "string") this.addText(place, value);
    else if (typeof value === "object" && value !== null)
      for (const each of Object.values(value)) this.add(place, each);
  }

  addText(place, text) {
    if (wanted.includes(text)) {
      this.found.add(text);
      this.at.add(place);
    }
    if (/^\s*[[{]/.test(text)) {
      // As notification services send it: JSON in a string of JSON.
      try {
        this.add(`${place}, JSON`, JSON.parse(text));
      } catch {
        // Not JSON after all.
      }
    }
  }

  /** `Bearer TOKEN`, `Token TOKEN`: what comes after the scheme; or the whole where there is none. */
  addAuthorization(value) {
    if (typeof value !== "string") return;
    this.add("authorization", value.replace(/^\w+[ \t]+/, ""));
  }

  /** `Basic`, as most code for Node does it: Buffer's base64, cut at the first colon. */
  addBasic(value) {
    const credentials = /^basic[ \t]+(.*)$/i.exec(value ?? "");
    if (credentials === null) return;
    const text = Buffer.from(credentials[1], "base64").toString("utf8");
    this.addPair(text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1));
  }

  addPair(user, password) {
    this.add("basic user", user);
    this.add("basic password", password);
  }

  /** A pushed message's `data`, as queues send it: base64. */
  addMessage(body) {
    const data = body?.message?.data;
    if (typeof data === "string") this.add("message data", Buffer.from(data, "base64").toString("utf8"));
  }

  get answer() {
    return { found: [...this.found], at: [...this.at] };
  }
}

/** Prints the port, which is how whoever started the server learns it. */
export function announce(port) {
  console.log(`port ${port}`);
}
