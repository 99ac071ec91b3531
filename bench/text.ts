/**
 * Prose that compresses as prose does: Postgres's pglz brings 2 KB of it to 0.67, as it does 2 KB of the text of the GPL.
 * Words are made of syllables and drawn as words are in a language: the nth most frequent one in proportion to 1/(n + 3)
 * (Zipf, Mandelbrot), from a vocabulary of 4,000. A text repeats itself: two times in nine a word, or a pair of words, that
 * was in it before. One word in 25 is an identifier that never comes again. The same seed always gives the same text.
 */
const SYLLABLES = 'b d f g k l m n p r s t v z'
  .split(' ')
  .flatMap((consonant) => ['a', 'e', 'i', 'o', 'u', 'an', 'er', 'is'].map((end) => consonant + end))
const VOCABULARY = 4000

/** Numbers from 0 to 1, always the same for a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

const words = makeWords()
/** Up to which random number each word is drawn. */
const limits = makeLimits()

/** Prose of exactly this many characters, all of them ASCII. */
export function prose(seed: number, length: number): string {
  const random = randomNumbers(seed)
  const own: string[] = []
  let text = ''
  let sentenceStarts = true
  const say = (word: string) => {
    own.push(word)
    text += sentenceStarts ? word.charAt(0).toUpperCase() + word.slice(1) : word
    const end = random()
    sentenceStarts = end < 0.06
    text += sentenceStarts ? (end < 0.015 ? '.\n\n' : '. ') : end < 0.12 ? ', ' : ' '
  }
  while (text.length < length) {
    const kind = random()
    if (kind < 0.04) say(Math.floor(random() * 36 ** 6).toString(36))
    else if (kind < 0.26 && own.length > 1) {
      const from = Math.floor(random() * (own.length - 1))
      const count = random() < 0.5 ? 1 : 2
      for (const word of own.slice(from, from + count)) say(word)
    } else say(drawWord(random()))
  }
  return text.slice(0, length)
}

function drawWord(at: number): string {
  let [low, high] = [0, limits.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((limits[middle] as number) < at) low = middle + 1
    else high = middle
  }
  return words[low] as string
}

/** Frequent words are short, as in a language. */
function makeWords(): string[] {
  const random = randomNumbers(1)
  return Array.from({ length: VOCABULARY }, (_, rank) => {
    const syllables = 1 + Math.floor(random() * (rank < 60 ? 1.5 : rank < 600 ? 2.5 : 4))
    return Array.from({ length: syllables }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]).join('')
  })
}

function makeLimits(): Float64Array {
  const sums = new Float64Array(VOCABULARY)
  let sum = 0
  for (let rank = 0; rank < VOCABULARY; rank++) sums[rank] = sum += 1 / (rank + 3)
  return sums.map((part) => part / sum)
}
