/** What the log says of a change of a case: one entry of the case, and one of a sanction that began or ended with it. */
import type { CaseRecord, CaseStep, EntryDraft, Sanction } from '@hansa/protocols'
import { liesWithin, sanctionOf } from '@hansa/trust/governance'

/**
 * @param before undefined for a case that was just opened
 * @param hash under which the log has what the case is about @default of its first evidence
 */
export function entriesOf(before: CaseRecord | undefined, after: CaseRecord, hash?: string): EntryDraft[] {
  const steps = after.history.slice(before?.history.length ?? 0)
  const last = steps.length - 1
  const drafts = steps.map((step, at) =>
    stepEntry(before === undefined ? (hash ?? hashOf(after)) : null, after, step, at === last),
  )
  const at = steps.at(-1)?.at ?? after.since
  const was = before === undefined ? undefined : sanctionOf(before, at)
  const is = sanctionOf(after, at)
  const by = steps.at(-1)?.by ?? undefined
  if (is !== undefined && !sameSanction(was, is)) drafts.push(imposedEntry(after, is, by))
  if (was !== undefined && is === undefined) drafts.push(liftedEntry(after, by, steps.at(-1)))
  return drafts
}

/** @param opened the hash that the opening names; null for a later step */
function stepEntry(
  opened: string | undefined | null,
  { id, subject, state }: CaseRecord,
  step: CaseStep,
  last: boolean,
): EntryDraft {
  return {
    type: opened === null ? 'case.changed' : 'case.opened',
    ...(step.by === null ? {} : { actor: step.by }),
    ext: {
      case: id,
      subject,
      case_event: step.event,
      ...(last ? { case_state: state } : {}),
      ...(step.note === undefined ? {} : { reason: step.note }),
      ...(opened == null ? {} : { hash: opened }),
    },
  }
}

function hashOf({ evidence: [first] }: CaseRecord): string | undefined {
  return first === undefined || 'hash' in first ? first?.hash : first.leaf_hash
}

function imposedEntry({ id, subject, reason }: CaseRecord, sanction: Sanction, by: string | undefined): EntryDraft {
  const { kind, until, rule, scope } = sanction
  const end = until === null ? {} : { expires: until }
  const ext = { case: id, subject, sanction: kind, rule, reason, ...end, ...(scope === undefined ? {} : { scope }) }
  return { type: 'sanction.imposed', ...(by === undefined ? {} : { actor: by }), ext }
}

function liftedEntry({ id, subject }: CaseRecord, by: string | undefined, step: CaseStep | undefined): EntryDraft {
  const ext = { case: id, subject, ...(step === undefined ? {} : { case_event: step.event }) }
  return { type: 'sanction.lifted', ...(by === undefined ? {} : { actor: by }), ext }
}

function sameSanction(one: Sanction | undefined, other: Sanction): boolean {
  if (one?.kind !== other.kind || one.until !== other.until) return false
  return liesWithin(one.scope, other.scope) && liesWithin(other.scope, one.scope)
}
