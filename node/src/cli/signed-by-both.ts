/** Whether both parties of an agreement have signed it, as a file says that was printed by `hansa agreement show --json`. */
import type { Agreement } from '@hansa/protocols'
import { failed } from './errors.ts'

export type SignedByBoth = { hash: string; terms: Agreement } & ({ ok: true } | { ok: false; reason: string })

/** @throws CliError for a file that holds no agreement */
export async function verifyBothSignatures(file: string): Promise<SignedByBoth> {
  const { readGivenFile } = await import('./read-given-file.ts')
  const { didKeyResolver, parsedJson } = await import('@hansa/trust')
  const { keptAcceptance, keptAgreement, verifyAcceptance, verifyProposal } = await import('@hansa/trust/agreement')
  const shown = (parsedJson((await readGivenFile(file)).toString('utf8')) ?? {}) as Record<string, unknown>
  const { proposal, acceptance } = shown
  const read = typeof proposal === 'string' ? keptAgreement(proposal) : undefined
  if (read === undefined) throw failed(`${file} holds no agreement, as hansa agreement show --json prints it.`)
  const { agreement: terms, hash } = read
  const about = { hash, terms }
  const resolver = didKeyResolver()
  const proposed = await verifyProposal(read.jws, { resolver, by: terms.iss, for: terms.aud, now: terms.iat })
  if (!proposed.ok) return { ok: false, reason: proposed.reason, ...about }
  if (typeof acceptance !== 'string') return { ok: false, reason: 'not_accepted', ...about }
  const now = keptAcceptance(acceptance)?.acceptance.iat ?? terms.iat
  const accepted = await verifyAcceptance(acceptance, { resolver, of: read, now })
  return accepted.ok ? { ok: true, ...about } : { ok: false, reason: accepted.reason, ...about }
}
