import { parseClaim } from '../../src/claim.ts'

test('the run id is the one that LangGraph names, in whichever place', () => {
  const runIdOf = (config: object) => parseClaim(config).runId
  expect(runIdOf({ configurable: { run_id: 'a' }, metadata: { run_id: 'b' }, runId: 'c' })).toBe('a')
  expect(runIdOf({ configurable: {}, metadata: { run_id: 'b' }, runId: 'c' })).toBe('b')
  expect(runIdOf({ runId: 'c' })).toBe('c')
  for (const id of [undefined, null, '', 1, {}]) expect(runIdOf({ configurable: { run_id: id } })).toBeUndefined()
})

test('a run is known by its stream writer, else by its run control, and by nothing that a caller may share', () => {
  const [writer, control] = [() => {}, { drain: () => {} }]
  expect(parseClaim({ writer, control } as object).run).toBe(writer)
  expect(parseClaim({ control } as object).run).toBe(control)
  expect(parseClaim({ signal: new AbortController().signal }).run).toBeUndefined()
  for (const no of [undefined, null, 'writer', 1]) expect(parseClaim({ writer: no } as object).run).toBeUndefined()
})
