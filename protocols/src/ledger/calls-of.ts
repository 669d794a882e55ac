import type { CallId } from '../syntax/ids.ts'
import type { Entry } from './entry.ts'

/**
 * The calls that an entry is about: mostly one, several where one statement of the other side is, or none. A list of calls
 * says nothing in an entry of another type, where no signature is held against it.
 */
export function callsOf({ type, call_id: callId, ext }: Pick<Entry, 'type' | 'call_id' | 'ext'>): readonly CallId[] {
  if (type === 'acks.received') return ext?.calls ?? []
  return callId === undefined ? [] : [callId]
}
