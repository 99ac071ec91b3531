/**
 * JSON text that Postgres's jsonb can hold. jsonb refuses U+0000 and lone surrogates (22P05, 22P02), which are legal in
 * JSON and in JavaScript. They are written as U+F8FF (private use) and four hex digits, and U+F8FF itself the same way,
 * so that nothing is lost and a filter written by the same function finds it. So is U+FEFF, which PGlite drops where a
 * text begins with it.
 */

/** `\\` first, so that the second half of an escaped backslash is not taken for the start of an escape. */
const UNSAFE = /\\\\|\\u(0000|d[89a-f][0-9a-f]{2})|[\uF8FF\uFEFF]/g

/** @param json what JSON.stringify wrote: it escapes only lone surrogates, in lower case. */
export function toJsonbText(json: string): string {
  return json.replace(UNSAFE, (found, code?: string) =>
    code !== undefined
      ? `\uF8FF${code}`
      : found === '\uF8FF'
        ? '\uF8FFf8ff'
        : found === '\uFEFF'
          ? '\uF8FFfeff'
          : found,
  )
}

export function fromJsonbText(text: string): string {
  return text.replace(/\uF8FF([0-9a-f]{4})/g, (_, code: string) => (code === 'f8ff' ? '\uF8FF' : `\\u${code}`))
}

/** The same for a plain text, as Postgres's `text` holds no U+0000 and UTF-8 no lone surrogate. */
export function escapeText(text: string): string {
  const json = JSON.stringify(text)
  const safe = toJsonbText(json)
  return safe === json ? text : (JSON.parse(safe) as string)
}

export function unescapeText(text: string): string {
  return text.includes('\uF8FF') ? (JSON.parse(fromJsonbText(JSON.stringify(text))) as string) : text
}
