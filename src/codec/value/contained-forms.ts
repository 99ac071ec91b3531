/** What a filter may look like where it is contained in stored metadata. */
import { isEscapedKey, isMarkerKey, isWireRecord, setOwn, unescapeKey, type Wire } from './markers.ts'

/**
 * A user's object of one key that starts with `$` is stored with that key escaped where it stands alone, and as it is
 * where the stored object has more keys. A filter means both, so each such object of it doubles the forms. Beyond `limit`
 * forms the answer is cut off at one more. What is itself spelled like an escaped key or a marker (`$$`, `$date`) may find
 * that, too.
 * @param wire the filter as a wire tree
 */
export function containedForms(wire: Wire, limit: number): readonly Wire[] {
  if (Array.isArray(wire)) return combinations(wire, limit, (forms) => forms)
  if (!isWireRecord(wire)) return [wire]
  const keys = Object.keys(wire)
  const forms = combinations(Object.values(wire), limit, (values) => recordOf(keys, values))
  const [key] = keys
  if (keys.length !== 1 || key === undefined || !isMarkerKey(key) || !isEscapedKey(key)) return forms
  const unescaped = forms.map((form) => recordOf([unescapeKey(key)], Object.values(form)))
  return [...forms, ...unescaped].slice(0, limit + 1)
}

/** Each choice of one form for every child. */
function combinations<Made>(
  children: readonly Wire[],
  limit: number,
  make: (forms: readonly Wire[]) => Made,
): readonly Made[] {
  let chosen: Wire[][] = [[]]
  for (const child of children) {
    const [first, ...others] = containedForms(child, limit)
    const more = chosen.flatMap((before) => others.map((form) => [...before, form]))
    for (const before of chosen) before.push(first)
    if (more.length > 0) chosen = [...chosen, ...more].slice(0, limit + 1)
  }
  return chosen.map(make)
}

function recordOf(keys: readonly string[], values: readonly Wire[]): Record<string, Wire> {
  const record: Record<string, Wire> = {}
  keys.forEach((key, i) => setOwn(record, key, values[i]))
  return record
}
