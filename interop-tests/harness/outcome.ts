/** What scenarios ask of a mesh again and again: the refusal of a call, and entries of a log. */
import { type CallError, type Entry, entryFacts } from '@hansa/protocols'
import type { TestMesh } from './test-mesh.ts'

/** @returns what a refused call says to its caller. @throws when it was released. */
export async function refusal(call: Promise<unknown>): Promise<CallError['detail']> {
  const detail = await call.then(
    () => undefined,
    (error: CallError) => error.detail ?? { code: String(error) },
  )
  if (detail === undefined) throw new Error('the call was released')
  return detail
}

/** `released`, or the code of the refusal. */
export function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'released',
    (error: CallError) => error.detail?.code ?? String(error),
  )
}

/** Durable entries of a log, in order. */
export async function entriesOf<N extends string>(mesh: TestMesh<N>, name: N, type?: Entry['type']): Promise<Entry[]> {
  await mesh.kernel(name).ledger.sync()
  const all = await mesh.kernel(name).audit({ from: 0, limit: 100_000 })
  for (const entry of all) refuseUndescribed(entry)
  return type === undefined ? all : all.filter((entry) => entry.type === type)
}

/** What a page says of the types of entries is held against every entry that a scenario looks at. */
function refuseUndescribed({
  v: _v,
  origin: _origin,
  seq: _seq,
  t_ms: _t,
  prev: _prev,
  type,
  ext = {},
  ...own
}: Entry): void {
  const members = [...Object.keys(own), ...Object.keys(ext).map((name) => `ext.${name}`)]
  const described: readonly string[] = entryFacts[type].members
  const undescribed = members.filter((member) => !described.includes(member))
  if (undescribed.length > 0)
    throw new Error(`entry-facts.ts does not say that ${type} can have ${undescribed.join(', ')}`)
}
