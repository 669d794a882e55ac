import type { CallId } from '../syntax/ids.ts'
import type { Entry } from './entry.ts'

/** The calls that an entry is about: mostly one, several where one statement of the other side is, or none. */
export function callsOf({ call_id: callId, ext }: Pick<Entry, 'call_id' | 'ext'>): readonly CallId[] {
  return callId === undefined ? (ext?.calls ?? []) : [callId]
}
