const CHARS_MIN = 6;
const CHARS_MAX = 4_096;
const MASK = /\*{3}|…|•{3}|\.{3}$|^[<[(]?(?:redacted|masked|removed|hidden)[>\])]?$|^x+$/i;
/** What stands in the place of a secret: nothing, a type, a variable, an example, an address. */
const PLACEHOLDER =
  /^(?:true|false|null|none|nil|undefined|required|optional|string|number|boolean|unknown|bearer|basic|aws4-hmac-sha256|(?:password|secret|token)s?|auth(?:entication|orization)?|change-?me|your[-_].*|\d{1,9}|\$\w+|%\w+%|<.*>|application\/.*|text\/.*|(?:process\.env|os\.environ|os\.getenv|secrets|vars|env)\..*)$/i;
const INTERPOLATED = /\$\{|\{\{|\$\(|:\/\//;
/** Words of a sentence: letters as sentences have them, joined by hyphens. */
const PROSE =
  /^(?:[A-Z]?[a-z]{1,19}|[A-Z]{1,19})(?:[-.'’](?:[A-Z]?[a-z]{1,19}|[A-Z]{1,19})){0,40}[.,:!?]{0,3}$/;
const TIME_NUMBER_OR_PLACE = /^\d{4}-\d\d-\d\d|^[\d.:,/+-]+$|^v?\d+\.\d+|:\/\/|@|^\.{0,2}\//;

/** Whether a token could be so long, and no mask stands in its place. */
export function mayBeToken(text: string): boolean {
  return text.length >= CHARS_MIN && text.length <= CHARS_MAX && !/\s/.test(text) && !MASK.test(text);
}

/** Whether something that is named as a secret is one, and not a stand-in for it. */
export function isSecret(text: string): boolean {
  return mayBeToken(text) && !PLACEHOLDER.test(text) && !INTERPOLATED.test(text);
}

export function isProse(text: string): boolean {
  return PROSE.test(text);
}

/** Whether a word without a name before it is taken for a token: letters and digits, and no time, version or address. */
export function looksRandom(text: string, charsMin = 8): boolean {
  if (text.length < charsMin || !isSecret(text) || TIME_NUMBER_OR_PLACE.test(text)) return false;
  return /^[\w.~+/=|!$%^*:-]+$/.test(text) && /[A-Za-z]/.test(text) && /\d|[a-z][A-Z].*[a-z][A-Z]/.test(text);
}
