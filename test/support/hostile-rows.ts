/** Rows that no writer makes, with names of parts that fit their content. */
import type { CheckpointTuple } from '@langchain/langgraph-checkpoint'
import { CheckpointCodec } from '../../src/codec/checkpoint-codec.ts'
import { checkpointDigest, writeDigest } from '../../src/codec/digest.ts'
import { collectMissing } from '../../src/codec/leads-to.ts'
import { Part, type PartKind, type PartName } from '../../src/codec/part.ts'

export interface HostileRows {
  readonly header?: string
  readonly manifest?: string
  readonly metadata?: string
  /** Texts of nodes, of pending writes of the channel `w`. */
  readonly writes?: readonly string[]
  readonly parts?: readonly Part[]
}

/** As a read does it: parse, look which parts are needed, decode. */
export async function decodeRows(rows: HostileRows): Promise<CheckpointTuple> {
  const codec = new CheckpointCodec({})
  const address = { threadId: 't', ns: '', checkpointId: 'id' }
  const content = {
    header: rows.header ?? '{"v":4,"ts":"","channel_versions":{},"versions_seen":{}}',
    manifest: rows.manifest ?? '{\n}',
    metadata: rows.metadata ?? '{}',
  }
  const writes = (rows.writes ?? []).map((value, idx) => {
    const write = { taskId: 'task', taskPath: '', idx, channel: 'w', value }
    return { ...write, digest: writeDigest(write) }
  })
  const digest = checkpointDigest(address.checkpointId, { ...content, conditional: [] })
  const parsed = codec.parse({ address, parentId: undefined, seq: 1, digest, ...content, writes, sends: [] })
  const parts = new Map((rows.parts ?? []).map((part) => [part.name, part]))
  const missing = new Set<PartName>()
  for (const node of parsed.nodes) collectMissing(node, (name) => parts.get(name), missing)
  return codec.decodeTuple(parsed, parts)
}

const ofChannel = (node: string, ...parts: Part[]): HostileRows => ({ manifest: `{\n"c":${node}\n}`, parts })
const inline = (json: string): HostileRows => ofChannel(`{"is":${json}}`)

/** A part, named 16 times by an index part, that 16 times by the next, and so on. */
function unfolding(kind: 'list' | 'map' | 'text' | 'bytes', levels: number, part: Part): HostileRows {
  const parts = [part]
  let { item } = part
  for (let level = 0; level < levels; level++) {
    const index = Part.of('i', `[${Array.from({ length: 16 }, () => item).join()}]`)
    parts.push(index)
    ;({ item } = index)
  }
  return ofChannel(`{"${kind}":[${item}]}`, ...parts)
}

const deep = (open: string, inner: string, close: string) => open.repeat(100_000) + inner + close.repeat(100_000)
const small = Part.of('g', '[1,2]')
const kilobyte = Part.of(
  'v',
  JSON.stringify({ rows: Array.from({ length: 90 }, (_, i) => ({ i })), t: 'x'.repeat(60) }),
)
const piece = Part.of('t', '"x"')
const bytes = Part.of('b', Uint8Array.of(1))

const AT = 'channel_values.c'
const at = (rows: () => HostileRows, path = AT) => ({ rows, path })

export const HOSTILE: Readonly<Record<string, { readonly rows: () => HostileRows; readonly path: string }>> = {
  'a bigint of 20 million digits': at(() => inline(`{"$bigint":"${'9'.repeat(20_000_000)}"}`)),
  'nine index parts that unfold to 16^9 groups': at(() => unfolding('list', 9, small)),
  'the same in an object': at(() => unfolding('map', 9, Part.of('g', '{"a":1}'))),
  'the same in a text': at(() => unfolding('text', 9, piece)),
  'the same in bytes': at(() => unfolding('bytes', 9, bytes)),
  'the same of nothing': at(() => unfolding('list', 9, Part.of('g', '[]'))),
  'an element of 1 KB named 16^6 times': at(() => unfolding('list', 6, kilobyte)),
  'an array of huge length': at(() => inline('{"$array":[4294967295,{}]}')),
  'an array with an element far away': at(() => inline('{"$array":[1,{"4000000000":1}]}')),
  'a group that is an object with a length': at(() => {
    const group = Part.of('g', '{"length":1000000000}')
    return ofChannel(`{"list":[${group.item}]}`, group)
  }),
  'an index that is an object with a length': at(() => {
    const index = Part.of('i', '{"length":1000000000}')
    return ofChannel(`{"list":[${index.item}]}`, index)
  }),
  'a group that is an array in an object': at(() => ofChannel(`{"map":[${small.item}]}`, small)),
  'a part of 100 MB': at(() => {
    const part = Part.of('v', `"${'x'.repeat(100_000_000)}"`)
    return ofChannel(part.item, part)
  }),
  'a text where bytes should be': at(() => ofChannel(`{"bytes":[${piece.item}]}`, piece)),
  'bytes where a text should be': at(() => ofChannel(`{"text":[${bytes.item}]}`, bytes)),
  'bytes where a value should be': at(() => ofChannel(bytes.item, bytes)),
  'an index where a value should be': at(() => {
    const index = Part.of('i', '[]')
    return ofChannel(index.item, index)
  }),
  'an index that names itself in a node': at(() => ofChannel('{"list":[["a",1]]}')),
  'pieces that are no JSON': at(() => {
    const part = Part.of('t', '{"a":')
    return ofChannel(`{"text":[${part.item}]}`, part)
  }),
  'a part that is no JSON': at(() => {
    const part = Part.of('v', '{')
    return ofChannel(part.item, part)
  }),
  'an error with a stack': at(() => inline('{"$error":["Error",{"message":"m"},{"stack":{"length":1000000000}}]}')),
  'a node nested 100,000 deep': at(() => ofChannel(deep('{"list":[', '1', ']}'))),
  'a map nested 100,000 deep': at(() => ofChannel(deep('{"map":[["a",', '1', ']]}'))),
  'a value nested 100,000 deep': at(() => inline(deep('[', '1', ']'))),
  'a class that is not registered': at(() => inline('{"$class":["Money",1]}')),
  ...Object.fromEntries(
    [
      'null',
      '7',
      'true',
      '[]',
      '{}',
      '"x"',
      '""',
      '{"list":null}',
      '{"list":{}}',
      '{"map":7}',
      '{"text":[7]}',
      '{"bytes":[{}]}',
      '{"bytes":[],"serde":7}',
      '{"list":[null]}',
      '{"list":[[]]}',
      '{"list":["x"]}',
      '{"list":[{"is":7}]}',
      '{"map":[{"is":[]}]}',
      '{"map":[[7,{"is":1}]]}',
      '{"map":[["a"]]}',
    ].flatMap(
      // prettier-ignore
      (node) => [
        [`the node ${node}`, at(() => ofChannel(node))],
        [`the node ${node} of a write`, at(() => ({ writes: [node] }), 'pending_writes[0].w')],
      ],
    ),
  ),
  ...Object.fromEntries(
    ['null', '7', '[]', '"x"', '{'].flatMap((text) => [
      [`the manifest ${text}`, at(() => ({ manifest: text }), 'channel_values')],
      [`the header ${text}`, at(() => ({ header: text }), 'checkpoint')],
    ]),
  ),
  ...Object.fromEntries(
    ['7', '[]', '"x"', '{', '{"$date":null}'].map((text) => [
      `the metadata ${text}`,
      at(() => ({ metadata: text }), 'metadata'),
    ]),
  ),
  'a header of another form': at(() => ({ header: '{"$date":null}' }), 'checkpoint'),
  'a header with versions that are none': at(() => ({ header: '{"channel_versions":"none"}' }), 'checkpoint'),
  'a write that is no JSON': at(() => ({ writes: ['{"is":1}', '{'] }), 'pending_writes[1].w'),
}

/** A small generator of numbers, so that a failure can be run again from its seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const JSONS = [
  'null',
  '1',
  '"x"',
  '[]',
  '{}',
  '[1,{"a":1}]',
  '{"a":{"b":[]}}',
  '{"$map":[[1,2]]}',
  '{"$bytes":["Uint8Array","AA=="]}',
  '{"$array":[5,{"1":1}]}',
  '{"$error":["TypeError",{},{"then":1,"toString":2}]}',
  '{"$message":["AIMessage",{"content":"x"}]}',
  '{"$null":{"__proto__":{"a":1}}}',
  '{"$class":["A",1]}',
  '{"$x":1}',
  '{"length":9}',
  '{"__proto__":{"is":1}}',
  '{"then":1}',
  '-0',
  '1e999',
  '[[[[]]]]', // prettier-ignore
]
const KINDS: readonly PartKind[] = ['v', 'g', 'i', 't', 'b']

/** A checkpoint whose nodes, items and parts are of any form, and mostly of nearly the right one. */
export function randomRows(seed: number): HostileRows {
  const random = randomFrom(seed * 7919)
  const pick = <Value>(from: readonly Value[]): Value => from[random(from.length)] as Value
  const parts: Part[] = []
  const json = () => pick(JSONS)
  const nameOfPart = (kind: PartKind) => (parts.length > 0 && random(3) === 0 ? pick(parts).item : part(kind))
  const part = (kind: PartKind): string => {
    const body =
      kind === 'b'
        ? Uint8Array.of(random(256))
        : kind === 'i'
          ? list(items('v'))
          : kind === 'g'
            ? list([json()])
            : json()
    const made = Part.of(random(12) === 0 ? pick(KINDS) : kind, random(40) === 0 ? json() : body)
    parts.push(made)
    return random(60) === 0 ? `"${made.name.slice(0, -1)}A"` : made.item
  }
  const list = (texts: readonly string[]) => `[${texts.join()}]`
  let budget = 30
  const items = (kind: PartKind): string[] =>
    Array.from({ length: random(4) }, () => {
      if (budget-- < 0) return '{"is":[1]}'
      switch (random(8)) {
        case 0:
          return nameOfPart('i')
        case 1:
          return `{"is":${json()}}`
        case 2:
          return `["k${random(3)}",${node()}]`
        case 3:
          return node()
        case 4:
          return json()
        default:
          return nameOfPart(random(3) === 0 ? 'g' : kind)
      }
    })
  const node = (): string => {
    switch (random(8)) {
      case 0:
        return nameOfPart('v')
      case 1:
        return json()
      case 2:
        return `{"list":${list(items('v'))}}`
      case 3:
        return `{"map":${list(items('g'))}}`
      case 4:
        return `{"text":${list([nameOfPart('t'), nameOfPart('t')])}}`
      case 5:
        return `{"bytes":${list([nameOfPart('b')])}}`
      default:
        return `{"is":${json()}}`
    }
  }
  return {
    manifest: random(30) === 0 ? json() : `{\n"c":${node()}\n}`,
    writes: random(3) === 0 ? [node()] : [],
    ...(random(30) === 0 && { header: json() }),
    ...(random(30) === 0 && { metadata: json() }),
    parts,
  }
}
