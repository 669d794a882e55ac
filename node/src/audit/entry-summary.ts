/** One line of words for an entry: what a person reads in a list of events. Names and outcomes only, as in the entry. */
import type { Entry } from '@hansa/protocols'

const MAX_CHARS = 512

export function entrySummary({ type, cap, peer, actor, decision, ext }: Entry): string {
  const outcome = [ext?.status ?? (ext?.code === undefined ? decision : undefined), ext?.code]
    .filter((part, at, all) => part !== undefined && part !== all[at - 1])
    .join(' ')
  const parts = [
    type,
    cap ?? ext?.alias ?? ext?.agent,
    ext?.case_event?.replaceAll('_', ' ') ?? ext?.sanction,
    ext?.subject === undefined ? undefined : `about ${ext.subject}`,
    actor === undefined ? undefined : `by ${actor}`,
    peer === undefined ? undefined : `with ${peer}`,
    outcome === '' ? undefined : `: ${outcome}`,
  ]
  const line = parts
    .filter((part) => part !== undefined)
    .join(' ')
    .replace(' :', ':')
  return line.length <= MAX_CHARS ? line : `${line.slice(0, MAX_CHARS - 1)}…`
}
