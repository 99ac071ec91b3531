/** `@> any (…)`. */
export function containsAny(whole: unknown, parts: readonly unknown[]): boolean {
  return parts.some((part) => contains(whole, part))
}

/**
 * Whether one JSON value contains another, as jsonb's `@>` means it
 * (https://www.postgresql.org/docs/current/datatype-json.html#JSON-CONTAINMENT): objects contain objects whose keys they
 * have with contained values; arrays contain arrays each element of which one of theirs contains; else equal.
 */
export function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((element) => whole.some((candidate) => contains(candidate, element)))
  }
  if (typeof part === 'object' && part !== null) {
    if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return false
    return Object.entries(part).every(
      ([key, value]) => Object.hasOwn(whole, key) && contains((whole as Record<string, unknown>)[key], value),
    )
  }
  return whole === part
}
