/** A Host as scopes and routes name it: in small letters, without the port, which may be empty, or the root's dot (RFC 3986 section 3.2). */
export function hostName(host: string): string {
  return host
    .toLowerCase()
    .replace(/:[0-9]*$/, "")
    .replace(/\.$/, "");
}
