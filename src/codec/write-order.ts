import type { StoredWrite } from './record.ts'

/**
 * Compares two writes of a checkpoint by task path, task id and index: the order in which LangGraph applied them (contract rule
 * 15). Texts compare by their UTF-8 bytes, as in Postgres, which is by code point; JavaScript's `<` compares UTF-16 code units.
 */
export function inOrderOfExecution(a: StoredWrite, b: StoredWrite): number {
  return compareBytes(a.taskPath, b.taskPath) || compareBytes(a.taskId, b.taskId) || a.idx - b.idx
}

/** As Postgres compares texts of collation "C". */
export function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}
