/** Of the head in the function; a table's own over loopback. */
export const HOST = "api.example.com";
export const TARGET = "/api/v1/orders/8c4b1f0e-6f1b-4d8e-9a52-1f6c1f0f9e51?expand=items&page=2";

export function bearer(token: string): string {
  return `Bearer ${token}`;
}

/** The header fields of an ordinary request with a token. */
export function fieldsWith(token: string): string {
  return (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0\r\n" +
    "Accept: application/json, text/plain, */*\r\nAccept-Encoding: gzip, deflate, br\r\n" +
    `Authorization: ${bearer(token)}\r\nCookie: session=made-up-session-0123456789; theme=dark\r\n`
  );
}

/** The request as a client sends it. */
export function requestWith(host: string, token: string): Buffer {
  return Buffer.from(`GET ${TARGET} HTTP/1.1\r\nHost: ${host}\r\n${fieldsWith(token)}\r\n`, "latin1");
}
