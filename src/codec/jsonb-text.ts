/**
 * JSON text that Postgres's jsonb can hold. jsonb refuses U+0000 and lone surrogates (22P05, 22P02), which are legal in
 * JSON and in JavaScript. They are written as U+F8FF (private use) and four hex digits, and U+F8FF itself the same way,
 * so that nothing is lost and a filter written by the same function finds it. So is U+FEFF, which PGlite drops where a
 * text begins with it.
 */

const MARK = '\uF8FF'

/** The escapes that jsonb refuses. JSON.stringify escapes only lone surrogates, in lower case. */
const REFUSED = /^(?:0000|d[89a-f][0-9a-f]{2})$/

/** @param json what JSON.stringify wrote */
export function toJsonbText(json: string): string {
  const text = json.replaceAll(MARK, `${MARK}f8ff`).replaceAll('\uFEFF', `${MARK}feff`)
  if (!text.includes('\\u')) return text
  // Not by a regular expression: a call for each escape takes 1.5 s a million.
  const pieces: string[] = []
  let from = 0
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at)) {
    const code = text.charAt(at + 1) === 'u' ? text.slice(at + 2, at + 6) : ''
    if (REFUSED.test(code)) {
      pieces.push(text.slice(from, at), MARK, code)
      at += 6
      from = at
    } else at += 2 // past the character that is escaped: it may be a backslash itself
  }
  pieces.push(text.slice(from))
  return pieces.join('')
}

const CODE = /^[0-9a-f]{4}/

export function fromJsonbText(text: string): string {
  const [first = '', ...others] = text.split(MARK)
  if (others.length === 0) return text
  const pieces = [first]
  for (const piece of others) {
    const code = piece.slice(0, 4)
    if (code === 'f8ff') pieces.push(MARK, piece.slice(4))
    else if (CODE.test(code)) pieces.push('\\u', piece)
    else pieces.push(MARK, piece)
  }
  return pieces.join('')
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
