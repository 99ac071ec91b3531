/**
 * A text that stands in all stored metadata which contains a filter: where it is missing, Postgres need not parse. It is spelled as
 * JSON.stringify spells it, which wrote the metadata: the digest of each row proves that.
 *
 * | scalar of the filter | its one spelling |
 * |---|---|
 * | a string without escapes | with its quotes: `"ada"` |
 * | a safe integer that is a property | with its key: `"step":3`, which also stands in `"step":30` |
 * | any other | none: a number may equal another that is spelled otherwise, and `true` stands in too much to be worth it |
 *
 * @param filters JSON texts, of which metadata must contain one
 * @returns the longest that all of them have, as it tells most apart; undefined: they have none in common
 */
export function needleOf(filters: readonly string[]): string | undefined {
  const [first = [], ...others] = filters.map((filter) => [...spellings(JSON.parse(filter))])
  return first
    .filter((text) => others.every((texts) => texts.includes(text)))
    .toSorted((a, b) => b.length - a.length)[0]
}

function* spellings(part: unknown, key?: string): Generator<string> {
  if (typeof part === 'string') yield* unescaped(JSON.stringify(part))
  else if (Array.isArray(part)) for (const element of part) yield* spellings(element)
  else if (typeof part === 'object' && part !== null) {
    for (const [name, value] of Object.entries(part)) yield* spellings(value, name)
  } else if (key !== undefined && Number.isSafeInteger(part)) yield* unescaped(`${JSON.stringify(key)}:${String(part)}`)
}

function unescaped(text: string): string[] {
  return text.includes('\\') ? [] : [text]
}
