/** Which file of src/ may import which: from above to below, without circles. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const src = fileURLToPath(new URL('../../src', import.meta.url))
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const texts = new Map(files.map((file) => [file, readFileSync(join(src, file), 'utf8')]))
/** For each file those that it imports, types included. */
const imports = new Map([...texts].map(([file, text]) => [file, importsOf(file, text)]))

function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s)?'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm)
  return [...found].map(([, named, dynamic]) => relative(src, join(src, dirname(file), (named ?? dynamic) as string)))
}

/** From above to below. Files of a layer may import one another. */
const LAYERS: readonly { readonly name: string; readonly has: RegExp }[] = [
  { name: 'index', has: /^index\.ts$/ },
  { name: 'the classes', has: /^(?:pg|in-memory)-checkpointer\.ts$/ },
  { name: 'checkpointer', has: /^checkpointer\.ts$/ },
  { name: 'story', has: /^(?:story|claim)\.ts$/ },
  { name: 'store', has: /^store\// },
  { name: 'memory, pg, tiers', has: /^(?:memory|pg|tiers)\// },
  { name: 'observe', has: /^observe\// },
  { name: 'codec', has: /^codec\// },
  { name: 'address, options', has: /^(?:address\.ts$|options\/)/ },
  { name: 'errors', has: /^errors\.ts$/ },
]
/** What every layer may import: it is about no layer. */
const LEAVES = /^(?:deadline\.ts|abort-listeners\.ts|lru-map\.ts)$/
/** The interface that the rooms below implement, as types. */
const PORT = /^store\/(?:store|proof)\.ts$/

const layerOf = (file: string) => LAYERS.findIndex(({ has }) => has.test(file))
const arrows = [...imports].flatMap(([file, imported]) => imported.map((target) => ({ file, target })))
const told = ({ file, target }: { file: string; target: string }) => `${file} imports ${target}`

test('all imports are found, and lead to files', () => {
  expect(arrows.length).toBeGreaterThan(files.length)
  expect(arrows.filter(({ target }) => !imports.has(target)).map(told)).toStrictEqual([])
})

test('every file is in a layer or a leaf', () => {
  expect(files.filter((file) => layerOf(file) === -1 && !LEAVES.test(file))).toStrictEqual([])
})

test('no layer imports one above it; those beside it in a layer know only their own', () => {
  const isUpwards = ({ file, target }: { file: string; target: string }) =>
    !LEAVES.test(file) && !LEAVES.test(target) && layerOf(target) < layerOf(file)
  const isTypeOfPort = ({ file, target }: { file: string; target: string }) =>
    PORT.test(target) && file.startsWith('memory/') && !importsValueOf(file, target)
  expect(arrows.filter((arrow) => isUpwards(arrow) && !isTypeOfPort(arrow)).map(told)).toStrictEqual([])
  const roomOf = (file: string) => /^(memory|pg|tiers)\//.exec(file)?.[1]
  const isSideways = ({ file, target }: { file: string; target: string }) =>
    roomOf(file) !== undefined && roomOf(target) !== undefined && roomOf(file) !== roomOf(target)
  expect(arrows.filter(isSideways).map(told)).toStrictEqual([])
})

function importsValueOf(file: string, target: string): boolean {
  const ofTypes = [...(texts.get(file) ?? '').matchAll(/^import type [^'"]*?\sfrom\s'(\.[^']+)'/gm)]
  return !ofTypes.some(([, path = '']) => relative(src, join(src, dirname(file), path)) === target)
}

test('only pg-*.ts import pg/, only memory-*.ts and in-memory-checkpointer.ts import memory/', () => {
  const ways = [
    { room: 'pg/', users: /(?:^|\/)pg-[^/]*\.ts$/ },
    { room: 'memory/', users: /(?:^|\/)(?:memory-[^/]*|in-memory-checkpointer)\.ts$/ },
  ]
  for (const { room, users } of ways) {
    const strangers = arrows.filter(
      ({ file, target }) =>
        target.startsWith(room) && !file.startsWith(room) && !users.test(file) && file !== 'index.ts', // has every public name
    )
    expect(strangers.map(told)).toStrictEqual([])
  }
})

test('`configurable` is read in address.ts and claim.ts, and nowhere else', () => {
  const readers = [...texts].filter(([, text]) =>
    /\.configurable\b|\{[^{}\n]*\bconfigurable\b[^{}\n]*\}\s*=\s/.test(text),
  )
  const strangers = readers.map(([file]) => file).filter((file) => !/^(?:address|claim)\.ts$/.test(file))
  expect(readers.length).toBeGreaterThan(1)
  expect(strangers).toStrictEqual([])
})

test('there are no circles of imports, of types neither', () => {
  expect(circles(imports)).toStrictEqual([])
  expect(
    circles(
      new Map([
        ['a', ['b']],
        ['b', ['c', 'd']],
        ['c', ['a']],
        ['d', []],
      ]),
    ),
  ).toStrictEqual(['a → b → c → a'])
})

/** One circle for each arrow that leads back to a file that the search is in. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '))
    else if (!done.has(file)) {
      for (const target of graph.get(file) ?? []) visit(target, [...path, file])
      done.add(file)
    }
  }
  for (const file of graph.keys()) visit(file, [])
  return found
}
