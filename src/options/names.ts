/** The names of options, checked: an unknown one would be ignored, and the default used in its place. */
import { OptionsError } from '../errors.ts'

/** The name of every option of a type: the compiler reports one that is missing, or that does not exist. */
export type OptionNames<Options> = Readonly<Record<keyof Options & string, true>>

/** A name that can be repeated in a message. Anything else may be a value in the wrong place. */
const NAME = /^[A-Za-z_]\w{0,63}$/

/**
 * Refuses every unknown name.
 * @param within the option that holds these, if one does: `limits`
 * @throws OptionsError with the nearest known name, or all of them
 */
export function requireKnownNames(options: object, names: Readonly<Record<string, true>>, within?: string): void {
  const known = Object.keys(names)
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue
    const nearest = misspeltName(name, known) ?? relatedName(name, known)
    const remedy = nearest === undefined ? `The names are: ${known.join(', ')}.` : `Did you mean \`${nearest}\`?`
    if (!NAME.test(name)) throw new OptionsError(within ?? 'options', `has an unknown name in it. ${remedy}`)
    throw new OptionsError(within === undefined ? name : `${within}.${name}`, `is unknown. ${remedy}`)
  }
}

/** Refuses the names that look like a known one. All others are for another package, which may know them. */
export function requireNoMisspeltNames(options: object, names: Readonly<Record<string, true>>, within: string): void {
  for (const name of Object.keys(options)) {
    const nearest = Object.hasOwn(names, name) ? undefined : misspeltName(name, Object.keys(names))
    if (nearest !== undefined) throw new OptionsError(`${within}.${name}`, `is unknown. Did you mean \`${nearest}\`?`)
  }
}

/** The known name that differs from `name` in the fewest letters, if in few: at most a third of them. */
function misspeltName(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance >= least || distance > candidate.length / 3) continue
    nearest = candidate
    least = distance
  }
  return nearest
}

/** A known name that contains `name`, such as `cacheBytes` for `cache`; or else one that it contains. */
function relatedName(name: string, known: readonly string[]): string | undefined {
  const word = name.toLowerCase()
  if (word.length < 4) return undefined
  const containing = known.find((candidate) => candidate.toLowerCase().includes(word))
  return containing ?? known.find((candidate) => word.includes(candidate.toLowerCase()))
}

/** How many letters must be added, removed or replaced to turn one word into the other (Levenshtein). */
function editDistance(one: string, other: string): number {
  // Only names of about the same length can be near; this also bounds the work for a very long one.
  if (Math.abs(one.length - other.length) > other.length / 3) return Number.POSITIVE_INFINITY
  let above = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    above = current
  }
  return above[other.length] ?? 0
}
