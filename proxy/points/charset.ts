/** Charsets in which ASCII is ASCII, byte for byte or with NULs between: what the views can read. */
const READABLE =
  /^(?:utf-?8|utf8mb4|utf-?(?:16|32)(?:-?[lb]e)?|ucs-?[24](?:-?[lb]e)?|unicode|us-ascii|ascii|ansi|binary|8bit|iso-?8859-?\d+|latin-?\d+|l1|windows-?\d+|cp-?(?:125\d|437|85\d|866|874|932|936|949|950)|koi8-?(?:r|u|ru)|macintosh|mac-roman|tis-620|shift[_-]?jis|sjis|x-sjis|ms932|windows-31j|euc-?(?:jp|kr|cn|tw)|iso-2022-(?:jp|kr|cn)|gb2312|gbk|gb18030|hz-gb-2312|big5(?:-hkscs)?)$/;

/**
 * Whether the charset that a content type names is one whose letters the views see as they are. Of the others UTF-7 and
 * EBCDIC hide a token, and some servers take even `hex` and `base64` for the name of one.
 */
export function isReadable(contentType: string): boolean {
  // Names of parameters know no case (RFC 9110 section 5.6.6); a quoted pair stands for its second byte.
  for (const match of contentType.matchAll(/charset\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))/gi)) {
    const name = (match[1]?.replaceAll(/\\(.)/g, "$1") ?? match[2] ?? "")
      .trim()
      .toLowerCase()
      .replaceAll("'", "");
    if (name !== "" && !READABLE.test(name)) return false;
  }
  return true;
}
