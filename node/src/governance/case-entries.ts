/** What the log says of a change of a case: one entry of the case, and one of a sanction that began or ended with it. */
import type { CaseRecord, CaseStep, EntryDraft, Sanction } from '@hansa/protocols'
import { sanctionOf } from '@hansa/trust/governance'

/** @param before undefined for a case that was just opened */
export function entriesOf(before: CaseRecord | undefined, after: CaseRecord): EntryDraft[] {
  const steps = after.history.slice(before?.history.length ?? 0)
  const last = steps.length - 1
  const drafts = steps.map((step, at) => stepEntry(before === undefined, after, step, at === last))
  const at = steps.at(-1)?.at ?? after.since
  const was = before === undefined ? undefined : sanctionOf(before, at)
  const is = sanctionOf(after, at)
  const by = steps.at(-1)?.by ?? undefined
  if (is !== undefined && !sameSanction(was, is)) drafts.push(imposedEntry(after, is, by))
  if (was !== undefined && is === undefined) drafts.push(liftedEntry(after, by, steps.at(-1)))
  return drafts
}

function stepEntry(
  opened: boolean,
  { id, subject, state, evidence }: CaseRecord,
  step: CaseStep,
  last: boolean,
): EntryDraft {
  const hash = opened ? evidence.map((one) => ('hash' in one ? one.hash : one.leaf_hash))[0] : undefined
  return {
    type: opened ? 'case.opened' : 'case.changed',
    ...(step.by === null ? {} : { actor: step.by }),
    ext: {
      case: id,
      subject,
      case_event: step.event,
      ...(last ? { case_state: state } : {}),
      ...(step.note === undefined ? {} : { reason: step.note }),
      ...(hash === undefined ? {} : { hash }),
    },
  }
}

function imposedEntry({ id, subject, reason }: CaseRecord, sanction: Sanction, by: string | undefined): EntryDraft {
  const { kind, until, rule } = sanction
  const end = until === null ? {} : { expires: until }
  const ext = { case: id, subject, sanction: kind, rule, reason, ...end }
  return { type: 'sanction.imposed', ...(by === undefined ? {} : { actor: by }), ext }
}

function liftedEntry({ id, subject }: CaseRecord, by: string | undefined, step: CaseStep | undefined): EntryDraft {
  const ext = { case: id, subject, ...(step === undefined ? {} : { case_event: step.event }) }
  return { type: 'sanction.lifted', ...(by === undefined ? {} : { actor: by }), ext }
}

function sameSanction(one: Sanction | undefined, other: Sanction): boolean {
  return one?.kind === other.kind && one.until === other.until
}
