/**
 * What time alone does to a case. A deadline acts at its own second, however late somebody looks; nothing here ends a
 * sanction before its time, except that a suspension nobody has decided in time becomes a quarantine.
 */
import type { CaseDeadline, CaseEventName, CaseRecord, CaseState, CaseStep, Sanction } from '@hansa/protocols'
import { MAX_CASE_HISTORY } from '@hansa/protocols'

/** The case as it is at a time. @param now Unix seconds */
export function settled(record: CaseRecord, now: number): CaseRecord {
  let current = record
  while (current.due !== null && now >= current.due) current = passDeadline(current, current.due)
  return current
}

/** What is in force of a case at a time, as far as it is recorded. */
export function sanctionOf({ sanction }: CaseRecord, now: number): Sanction | undefined {
  if (sanction === undefined || now < sanction.from) return undefined
  return sanction.until === null || now < sanction.until ? sanction : undefined
}

function passDeadline(record: CaseRecord, at: number): CaseRecord {
  const missed = MISSED[record.state]
  if (missed === undefined) return moved(record, { state: 'final', due: null }, { at, event: 'closed', by: null })
  const { missed: before, ...rest } = lowered(record, at)
  const step = { at, event: 'deadline_missed' as const, by: null, note: missed }
  return moved({ ...rest, missed: [...before, missed] }, { due: null }, step)
}

const MISSED: Partial<Record<CaseState, CaseDeadline>> = { open: 'triage', triage: 'decision', appealed: 'appeal' }

function lowered(record: CaseRecord, at: number): CaseRecord {
  const sanction = sanctionOf(record, at)
  if (sanction?.kind !== 'suspend') return record
  return { ...record, sanction: { ...sanction, kind: 'quarantine', from: at, rule: 'deadline' } }
}

export type Step = Omit<CaseStep, 'event'> & { event: CaseEventName }

/** The one way in which a case changes: with a line of its history. */
export function moved(record: CaseRecord, change: Partial<CaseRecord>, step: Step): CaseRecord {
  const since = change.state === undefined ? record.since : step.at
  const history = [...record.history, step].slice(0, MAX_CASE_HISTORY)
  return { ...record, ...change, since, history }
}
