/** Writes down what time has done: kernels that were not heard of become unreachable, and then dead. */
import type { Liveness } from '@hansa/protocols'
import type { RecordComponents } from '../records/admission.ts'
import type { Decision, KnownKernel } from '../records/record-store.ts'
import { livenessAt } from './liveness.ts'

/** Kernels in one run; the rest follow in the next. Each is a transaction of its own, so requests go between two of them. */
const MAX_AT_ONCE = 2_000

export type Observed = { unreachable: number; dead: number }

export async function observeLiveness(components: RecordComponents): Promise<Observed> {
  const { now, records, liveness } = components
  const observed: Observed = { unreachable: 0, dead: 0 }
  for (const did of await records.overdue(now(), liveness, MAX_AT_ONCE)) {
    const { answer } = await records.change(did, (known) => decide(components, known))
    if (answer === 'unreachable' || answer === 'dead') observed[answer] += 1
  }
  return observed
}

/** Another replica may have been here, or a heartbeat, so it is decided anew on what is there now. */
function decide({ now, liveness }: RecordComponents, known: KnownKernel | undefined): Decision<Liveness | undefined> {
  if (known?.listing === undefined) return { answer: undefined }
  const at = now()
  const state = livenessAt({ withdrawn: known.withdrawn, ...known.listing }, at, liveness)
  if (state === known.state || (state !== 'unreachable' && state !== 'dead')) return { answer: undefined }
  return { answer: state, change: { kind: 'observe', state, entry: { event: state, at } } }
}
