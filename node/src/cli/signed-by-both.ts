/** Whether both parties of an agreement have signed it, as a file says that was printed by `hansa agreement show --json`. */
import type { Agreement } from '@hansa/protocols'
import { failed } from './errors.ts'

export type SignedByBoth = { hash: string; terms: Agreement } & ({ ok: true } | { ok: false; reason: string })

/**
 * @param didFiles logs of identities, or homes: keys are taken as they were when each side says that it signed
 * @throws CliError for a file that holds no agreement
 */
export async function verifyBothSignatures(file: string, didFiles: readonly string[] = []): Promise<SignedByBoth> {
  const { readGivenFile } = await import('./read-given-file.ts')
  const { parsedJson } = await import('@hansa/trust')
  const { keysAt, readDidFiles, signersOf } = await import('./verify/did-files.ts')
  const { systemClock } = await import('../system-clock.ts')
  const { keptAcceptance, keptAgreement, verifyAcceptance, verifyProposal } = await import('@hansa/trust/agreement')
  const shown = (parsedJson((await readGivenFile(file)).toString('utf8')) ?? {}) as Record<string, unknown>
  const { proposal, acceptance } = shown
  const read = typeof proposal === 'string' ? keptAgreement(proposal) : undefined
  if (read === undefined) throw failed(`${file} holds no agreement, as hansa agreement show --json prints it.`)
  const { agreement: terms, hash } = read
  const about = { hash, terms }
  const signers = signersOf(await readDidFiles(didFiles), Math.floor(systemClock.now() / 1000))
  const atFirst = keysAt(signers, terms.iat)
  const proposed = await verifyProposal(read.jws, { resolver: atFirst, by: terms.iss, for: terms.aud, now: terms.iat })
  if (!proposed.ok) return { ok: false, reason: proposed.reason, ...about }
  if (typeof acceptance !== 'string') return { ok: false, reason: 'not_accepted', ...about }
  const now = keptAcceptance(acceptance)?.acceptance.iat ?? terms.iat
  const accepted = await verifyAcceptance(acceptance, { resolver: keysAt(signers, now), of: read, now })
  return accepted.ok ? { ok: true, ...about } : { ok: false, reason: accepted.reason, ...about }
}
