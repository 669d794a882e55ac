import { callsOf } from '@hansa/protocols'
import { type Attack, middleCall } from '../attack.ts'

const HOURS_MS = 6 * 3_600_000

export const backDating: Attack = {
  name: 'back-dating',
  title: 'dates its entries back',
  why: 'A call was made six hours earlier, before a deadline: its entries and all before them have other times.',
  plan: (entries) => {
    const callId = middleCall(entries, ({ type }) => type === 'intent.accepted')
    const last = entries.findLast((entry) => callsOf(entry).includes(callId))?.seq ?? 0
    return { callId, edit: (entry) => (entry.seq <= last ? { ...entry, t_ms: entry.t_ms - HOURS_MS } : entry) }
  },
  // The intents in the entries are signed, and say when they were made.
  showsAlone: true,
}
