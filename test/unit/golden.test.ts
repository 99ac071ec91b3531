/**
 * Bytes and names of format 1. They are never refreshed: if one turns red, stored data can no longer be read or is
 * stored again. A new format gets a new version and new lines.
 */
import type { Checkpoint, CheckpointMetadata } from '@langchain/langgraph-checkpoint'
import { CheckpointCodec } from '../../src/codec/checkpoint-codec.ts'
import { FORMAT_VERSION } from '../../src/codec/format.ts'
import { isPartName, namePart, Part } from '../../src/codec/part.ts'
import { checkpointOf } from '../support/checkpoints.ts'

interface Encoded {
  readonly header: string
  readonly manifest: string
  readonly conditional: readonly string[]
  readonly metadata: string
  readonly digest: string
  readonly parts: ReadonlyMap<string, Part>
}

const OPTIONS = { versions: { x: 1, y: 2 }, fields: { versions_seen: { node: { x: 1 } } } }
const METADATA = { source: 'loop', step: 3, parents: { '': 'a\0b' }, $note: '\ud800' } as unknown as CheckpointMetadata

function encode(values: Record<string, unknown>, newVersions = {}, isRoot = false): Encoded {
  const checkpoint: Checkpoint = checkpointOf('id', values, OPTIONS)
  return new CheckpointCodec({}).encodeCheckpoint(checkpoint, METADATA, newVersions, isRoot) as Encoded
}

const channel = (value: unknown) => encode({ x: value }).manifest.slice('{\n"x":'.length, -'\n}'.length)
const sizes = (value: unknown) => [...encode({ x: value }).parts.values()].map(({ name, size }) => `${name} ${size}`)
const rows = (length: number) => Array.from({ length }, (_, i) => ({ id: i, text: `row ${i} `.repeat(10) }))

test('the format is 1', () => {
  expect(FORMAT_VERSION).toBe(1)
})

test.each([
  ['v', '{"a":1}', 'vjWhgWexe4jnjmh4GBkfHnS'],
  ['g', '[1,2]', 'gDYPWhyNE4sRSNnEpCyFPkh'],
  ['i', '["vAAAAAAAAAAAAAAAAAAAAAA"]', 'iD2GWAqcNy4zr-32OB7QaiH'],
  ['t', '"Grüße, 世界 \u{1f600}', 'towZMR-s_csOV6tXwKCS5Hz'],
  ['b', Uint8Array.of(0, 1, 127, 128, 255), 'bRRE5-OpgFYDcySXfJpWYmM'],
] as const)('the name of a part of kind %s has not changed', (kind, body, name) => {
  expect(namePart(kind, body)).toBe(name)
  expect(isPartName(name)).toBe(true)
  expect(Part.verified(name, body)?.name).toBe(name)
  expect(Part.verified(name, typeof body === 'string' ? `${body} ` : body.subarray(1))).toBeUndefined()
})

test('a text and its UTF-8 bytes have the same name, and a key changes it', () => {
  const text = '{"text":"Grüße"}'
  expect(namePart('v', Buffer.from(text))).toBe(namePart('v', text))
  expect(namePart('v', text, Buffer.alloc(32, 1))).toBe('vGWwEKRece27WI6OTrGI5U3')
  expect(namePart('v', Buffer.from(text), Buffer.alloc(32, 1))).toBe(namePart('v', text, Buffer.alloc(32, 1)))
})

test.each<[string, unknown, string]>([
  ['a short text', 'hello', '{"is":"hello"}'],
  ['undefined', undefined, '{"is":{"$undefined":true}}'],
  ['a Date', new Date(0), '{"is":{"$date":"1970-01-01T00:00:00.000Z"}}'],
  ['an empty list', [], '{"is":[]}'],
  ['64 characters of JSON', 'x'.repeat(62), '{"is":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}'],
  ['65 characters of JSON', 'x'.repeat(63), '"vjVt8kkMaZrko5xPUUmDrqW"'],
  ['a list of one part', rows(5), '"vDMU-4lZmmyX1sBAoJgj-pq"'],
  ['a list of several parts', rows(150), '{"list":["gmwBO27j4N2HbyG8DUlK3IR","gV8pXbsM79JXEMG2IKOZ2qM"]}'],
  [
    'an object of several parts',
    Object.fromEntries(rows(150).map((row) => [`file ${row.id}`, row])),
    '{"map":["gd__7Cht__s3z4weVZFgDT7","gATbzg_1orGmOjEPyeoZUGK","gJKpMo-OvSoi-QcTRRcab1c","g0iwTfc3eS1ialDQu6z7o30"]}',
  ],
  [
    'large elements',
    ['a', 'b', 'c'].map((name) => ({ name, text: name.repeat(2000) })),
    '{"list":["vA8nq9HKh6WqUf9AJbIDIkG","v-ARBtMmmUJVAjMgiOMWg-p","v6nAGJMZkfF9psJKJaGcCpm"]}',
  ],
  [
    'a large element between small ones',
    [1, { text: 'x'.repeat(1100) }, 2, 3],
    '{"list":[{"is":[1]},"vgdrw-iWw50bGxMm5l_amGX",{"is":[2,3]}]}',
  ],
  [
    'a nested list',
    { a: 1, rows: rows(250), z: 2 },
    '{"map":[{"is":{"a":1}},["rows",{"list":["gmwBO27j4N2HbyG8DUlK3IR","g5BAHdMLRNmsh_zS9Ypqdmr","gdHaixH5UMpaneWyxr8Q_Kz","gMNatIk5PpSU-uoFu9-Jx1c","gmMsuxSoojUkojToOsCgjaO","gyiWVNV_hGbL1sTaLJqlt1W","gI33jl9iDhVzXIe1Nft_Rn0"]}],{"is":{"z":2}}]}',
  ],
  ['a long text', 'Grüße \u{1f600} '.repeat(10_000), '{"text":["tMSSUBoU8xN-VuZkc6IKwpT","t24jkJIjThymYyvE_Hp4JXf"]}'],
  [
    'bytes',
    Uint8Array.from({ length: 70_000 }, (_, i) => i),
    '{"bytes":["bCxGrs8oh6XWgMUKG1LsCRZ","b8JurqdX2u7_dnFZNmvRsyP"]}',
  ],
  [
    'what looks like a marker',
    { $date: 'x', y: { $undefined: true } },
    '{"is":{"$date":"x","y":{"$$undefined":true}}}',
  ],
])('the node of %s has not changed', (_, value, node) => {
  expect(channel(value)).toBe(node)
})

test('the parts of a list of several parts have not changed', () => {
  expect(sizes(rows(150))).toStrictEqual(['gmwBO27j4N2HbyG8DUlK3IR 4121', 'gV8pXbsM79JXEMG2IKOZ2qM 9821'])
})

test('the index parts of a long list have not changed', () => {
  const { manifest, parts } = encode({ x: rows(3000) })
  expect(manifest).toBe(`{
"x":{"list":["iER6zfvCqkkXxQ5T5Ph5yiR","i60Lp-dtLQXBmYMrG0xoXLH","igxV0_3KLEV7-JDQVCggtjr","iqxZj7M0ynOqBZUkflf8-Bp","ipzt49xV7ZMj0f5jVPk7eKN","ibPnuR5KUGz6XVynZvMBBm8","ix6gPVLdLR0xF9Hbx-EP9u0","gENKZv_dtkzXrnKN6ztpII3"]}
}`)
  expect([...parts.keys()].filter((name) => name.startsWith('i'))).toHaveLength(7)
})

test('the stored form of a checkpoint has not changed', () => {
  const { parts, ...record } = encode({ x: 'new', y: ['kept'] }, { x: 1 }, true)
  expect(parts.size).toBe(0)
  expect(record).toStrictEqual({
    header: '{"v":4,"ts":"2025-11-21T05:36:00.000Z","channel_versions":{"x":1,"y":2},"versions_seen":{"node":{"x":1}}}',
    manifest: '{\n"x":{"is":"new"}\n}',
    conditional: ['"y":{"is":["kept"]}'],
    metadata: '{"source":"loop","step":3,"parents":{"":"a\uf8ff0000b"},"$note":"\uf8ffd800"}',
    digest: '~lboezKV-Is9490h07rCGjB',
  })
})

test('equal checkpoints have the same digest, and different ones have different digests', () => {
  const digests = [
    encode({ x: 1 }),
    encode({ x: 1 }),
    encode({ x: 2 }),
    encode({ y: 1 }),
    encode({ x: 1, y: 1 }),
    encode({ x: rows(150) }),
    encode({ x: rows(149) }),
    encode({ x: 1 }, {}, true),
  ].map(({ digest }) => digest)
  expect(new Set(digests).size).toBe(digests.length - 1)
  expect(digests[0]).toBe(digests[1])
})
