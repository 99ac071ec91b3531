/**
 * JSON text that Postgres's jsonb can hold. jsonb refuses U+0000 and lone surrogates (22P05, 22P02), which are legal in
 * JSON and in JavaScript. They are written as U+F8FF (private use) and four hex digits, and U+F8FF itself the same way,
 * so that nothing is lost and a filter written by the same function finds it. So is U+FEFF, which PGlite drops where a
 * text begins with it.
 */

const MARK = '\uF8FF'

/** Whether jsonb refuses an escape: `u0000`, or a lone surrogate's, which is all of `ud…` that JSON.stringify writes. */
function isRefused(text: string, at: number): boolean {
  return text.startsWith('u0000', at) || text.startsWith('ud', at)
}

/** @param json what JSON.stringify wrote */
export function toJsonbText(json: string): string {
  const text = json.replaceAll(MARK, `${MARK}f8ff`).replaceAll('\uFEFF', `${MARK}feff`)
  if (!text.includes('\\u')) return text
  // Not by a regular expression: a call for each escape takes 1.5 s a million.
  const pieces: string[] = []
  let from = 0
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at)) {
    if (isRefused(text, at + 1)) {
      pieces.push(text.slice(from, at))
      from = at + 2
      at += 6
    } else at += 2 // past the character that is escaped: it may be a backslash itself
  }
  pieces.push(text.slice(from))
  return pieces.join(MARK)
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
