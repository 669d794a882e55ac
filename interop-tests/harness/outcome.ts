/** What scenarios ask of a mesh again and again: the refusal of a call, and entries of a log. */
import type { CallError, Entry } from '@hansa/protocols'
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
  return type === undefined ? all : all.filter((entry) => entry.type === type)
}
