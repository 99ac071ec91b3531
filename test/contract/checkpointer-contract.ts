import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { deleteContract } from './delete-contract.ts'
import { historyContract } from './history-contract.ts'
import { listContract } from './list-contract.ts'
import { putContract } from './put-contract.ts'
import { readContract } from './read-contract.ts'
import { rootContract } from './root-contract.ts'
import { textContract } from './text-contract.ts'
import { writesContract } from './writes-contract.ts'

/** A checkpointer to test, and how to close it with all that is behind it. */
export interface Opened {
  readonly checkpointer: BaseCheckpointSaver
  close(): Promise<void>
}

/**
 * What LangGraph relies on (docs/contract.md), one behaviour per test. Every checkpointer of this package passes it.
 * All tests share what `open` gives, so each works on threads of its own.
 */
export function runCheckpointerContract(name: string, open: () => Promise<Opened>): void {
  describe(name, () => {
    let opened: Opened
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())

    const subject = (): BaseCheckpointSaver => opened.checkpointer
    describe('put', () => putContract(subject))
    describe('put of a root', () => rootContract(subject))
    describe('putWrites', () => writesContract(subject))
    describe('getTuple', () => readContract(subject))
    describe('list', () => listContract(subject))
    describe('deleteThread', () => deleteContract(subject))
    describe('getDeltaChannelHistory', () => historyContract(subject))
    describe('texts', () => textContract(subject))
  })
}

/** How each part of the contract gets at the checkpointer. */
export type Subject = () => BaseCheckpointSaver
