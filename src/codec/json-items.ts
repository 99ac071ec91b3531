/** What a JSON text holds, told from the text alone. */

const [QUOTE, COMMA, BACKSLASH, OPEN_BRACKET, OPEN_BRACE] = [34, 44, 92, 91, 123]

/** Elements and entries as `maxItems` counts them: five for an object or array, one for any other. */
export function itemsIn(json: string): number {
  let items = 0
  for (let at = 0; at < json.length; at++) {
    const unit = json.charCodeAt(at)
    if (unit === QUOTE) at = endOfString(json, at)
    else if (unit === COMMA) items++
    else if (unit === OPEN_BRACKET || unit === OPEN_BRACE) items += 5
  }
  return items
}

function endOfString(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let backslashes = 0
    while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return at
  }
  return json.length
}
