/** 1 for each word character `[A-Za-z0-9_-]`: a token followed by one is another token. */
export const IS_WORD = new Uint8Array(256);
for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
  IS_WORD[letter.charCodeAt(0)] = 1;
