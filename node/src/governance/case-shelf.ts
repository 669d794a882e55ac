/**
 * Cases as they are kept in the state of the node, one row each. What cannot be read is told from what is not there: a
 * case that cannot be read is not decided, and what the log says of it stays in force.
 */
import { type CaseId, type CaseRecord, caseRecordSchema, type Store, type StoreChange } from '@hansa/protocols'
import { parsedJson } from '@hansa/trust'

const CASES = 'governance.cases'
const PROOFS = 'governance.proofs'

export type Shelf = {
  records: CaseRecord[]
  /** Rows that are no case. */
  unreadable: CaseId[]
}

/** @returns undefined when the store cannot be read at all. */
export async function readShelf(store: Store): Promise<Shelf | undefined> {
  const rows = await store.list(CASES).catch(() => undefined)
  if (rows === undefined) return undefined
  const shelf: Shelf = { records: [], unreadable: [] }
  for (const { key, value } of rows) {
    const record = caseRecordSchema.safeParse(parsedJson(value))
    if (record.success && record.data.id === key) shelf.records.push(record.data)
    else shelf.unreadable.push(key)
  }
  return shelf
}

export function caseRow(record: CaseRecord): StoreChange {
  return { namespace: CASES, key: record.id, value: JSON.stringify(record) }
}

export function withoutCase(id: CaseId): StoreChange {
  return { namespace: CASES, key: id }
}

/** A proof or a notice, by its hash: cases name it and do not hold it. */
export function proofRow(hash: string, text: string): StoreChange {
  return { namespace: PROOFS, key: hash, value: text }
}

export function readProof(store: Store, hash: string): Promise<string | undefined> {
  return store.get(PROOFS, hash)
}
