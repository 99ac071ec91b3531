import type { ParsedCheckpoint } from '../../../src/codec/checkpoint-codec.ts'
import { Part } from '../../../src/codec/part.ts'
import type { StoredWrite } from '../../../src/codec/record.ts'
import { KnownThreads } from '../../../src/store/known-threads.ts'
import { learnReading } from '../../../src/store/learn-reading.ts'
import type { Delivery } from '../../../src/store/store.ts'

const GENERATION = 7
const write = (taskId: string, part: Part): StoredWrite => ({
  taskId,
  taskPath: '',
  idx: 0,
  channel: 'a channel',
  value: part.item,
  digest: `digest of ${taskId}`,
})

test('a part that was read is proven by the row that leads to it, a send by the write of the parent', async () => {
  const [ofCheckpoint, ofWrite, ofSend] = ['"a"', '"b"', '"c"'].map((text) => Part.of('v', text)) as [Part, Part, Part]
  const nodes = [ofCheckpoint, ofWrite, ofSend].map(({ name }) => name)
  const read: ParsedCheckpoint = {
    stored: {
      address: { threadId: 'thread', ns: '', checkpointId: 'child' },
      parentId: 'parent',
      seq: 2,
      digest: 'digest',
      header: '',
      manifest: '',
      metadata: '',
      writes: [write('task', ofWrite)],
      sends: [write('sender', ofSend)],
    },
    manifest: { channel: ofCheckpoint.name },
    writes: [ofWrite.name],
    sends: [ofSend.name],
    nodes,
  }
  const known = new KnownThreads()
  learnReading(known, GENERATION, read, new Map([ofCheckpoint, ofWrite, ofSend].map((part) => [part.name, part])))

  const proofsOf = async (part: Part) => {
    let sent: Delivery | undefined
    const destination = { threadId: 'thread', run: undefined }
    await known.commit(destination, new Map([[part.name, part]]), undefined, async (delivery) => {
      sent = delivery
      return { verdict: 'stored', seq: 3, generation: GENERATION }
    })
    return sent?.proofs
  }
  const row = { ns: '', idx: 0 }
  expect(await proofsOf(ofCheckpoint)).toEqual([{ kind: 'checkpoint', ns: '', seq: 2, digest: 'digest' }])
  expect(await proofsOf(ofWrite)).toEqual([
    { kind: 'write', ...row, checkpointId: 'child', taskId: 'task', digest: 'digest of task' },
  ])
  expect(await proofsOf(ofSend)).toEqual([
    { kind: 'write', ...row, checkpointId: 'parent', taskId: 'sender', digest: 'digest of sender' },
  ])
})
