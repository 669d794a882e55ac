/** Something that one side does to its own log after the fact, with its own key. */
import { callsOf, type Entry } from '@hansa/protocols'
import type { Edit } from './rewritten-log.ts'

export type Plan = {
  edit: Edit
  /** The call that it is about. */
  callId?: string
}

export type Attack = {
  name: string
  title: string
  /** What it is meant to achieve, in the words of whoever does it. */
  why: string
  /** How the log is to look, given the entries as they are. */
  plan(entries: readonly Entry[]): Plan
  /** The new log gives itself away, without anything beside it. @default it does not */
  showsAlone?: true
  /** What is held against the log. @default the log of the other side, which is honest */
  against?: 'kept checkpoint'
}

/** The entry without anything of the call; undefined when nothing is left. What others have signed stays as it is. */
export function withoutCall(entry: Entry, callId: string): Entry | undefined {
  const calls = callsOf(entry)
  if (!calls.includes(callId)) return entry
  if (calls.length === 1) return undefined
  return { ...entry, ext: { ...entry.ext, calls: calls.filter((call) => call !== callId) } }
}

/** The id of a call in the middle of those whose entries `wanted` chooses. */
export function middleCall(entries: readonly Entry[], wanted: (entry: Entry) => boolean): string {
  const ids = entries.filter(wanted).map(({ call_id: id }) => id)
  const id = ids[Math.floor(ids.length / 2)]
  if (id === undefined) throw new RangeError('there is no such call')
  return id
}
