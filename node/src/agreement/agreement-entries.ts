/** What the log says of an agreement when it changes. */
import type { AgreementRecord, EntryDraft } from '@hansa/protocols'
import type { HeldAgreement } from './agreement-book.ts'

/** @param before undefined for one that is new @param actor the person who did it, if one here did */
export function agreementEntries(
  held: Pick<HeldAgreement, 'hash' | 'agreement' | 'peer' | 'jws'>,
  before: AgreementRecord | undefined,
  after: AgreementRecord,
  actor?: string,
): EntryDraft[] {
  const { hash, agreement, peer, jws } = held
  const common = { peer, ...(actor === undefined ? {} : { actor }) }
  const drafts: EntryDraft[] = []
  if (before === undefined)
    drafts.push({ type: 'agreement.proposed', ...common, ext: { hash, jws, expires: agreement.accept_by } })
  if (before?.acceptance === undefined && after.acceptance !== undefined) {
    const times = { since: agreement.from, expires: agreement.until }
    drafts.push({ type: 'agreement.accepted', ...common, ext: { hash, jws: after.acceptance, ...times } })
  }
  if (before?.state !== 'in_force' && after.state === 'in_force') drafts.push(...vouched(held))
  if (before?.state !== 'ended' && after.end !== undefined) {
    const { why, reason } = after.end
    drafts.push({
      type: 'agreement.ended',
      ...common,
      ext: { hash, ending: why, ...(reason === '' ? {} : { reason }) },
    })
    if (before?.state === 'in_force' && agreement.standing > 0)
      drafts.push({ type: 'standing.unvouched', peer, ext: { source: sourceOf(hash) } })
  }
  return drafts
}

function vouched({ hash, agreement, peer }: Pick<HeldAgreement, 'hash' | 'agreement' | 'peer'>): EntryDraft[] {
  const { standing, until, purpose } = agreement
  if (standing === 0) return []
  const ext = { source: sourceOf(hash), standing, expires: until, reason: purpose }
  return [{ type: 'standing.vouched', peer, ext }]
}

function sourceOf(hash: string): `agreement:${string}` {
  return `agreement:${hash}`
}
