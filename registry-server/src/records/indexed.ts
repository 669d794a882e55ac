import type { Registered } from '@hansa/protocols'
import type { Refusal } from '../refusal.ts'
import type { Decided } from './record-store.ts'

/** What is answered names the last entry of the log about the kernel: its proof is asked for by that number. */
export function withIndex<R extends Refusal>({
  answer,
  index,
}: Decided<{ ok: true; registered: Registered } | R>): { ok: true; registered: Registered } | R {
  return answer.ok && index !== undefined ? { ok: true, registered: { ...answer.registered, index } } : answer
}
