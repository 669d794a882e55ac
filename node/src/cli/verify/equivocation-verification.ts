/** Adapter: the proof that a kernel has signed two manifests of one number, as `hansa case proof` writes it. */
import { readFile, stat } from 'node:fs/promises'
import { MAX_EQUIVOCATION_PROOF_BYTES } from '@hansa/protocols'
import { type EquivocationReport, readEquivocationProof, verifyEquivocation } from '@hansa/trust/governance'
import { usage } from '../errors.ts'
import type { Style } from '../print.ts'
import { facts } from '../table.ts'
import type { LogKeys } from '../verify-keys.ts'

/** @throws CliError `usage` for a file that is malformed, and for the DID of another kernel. */
export async function verifyEquivocationFile(
  file: string,
  { dids, resolver }: Pick<LogKeys, 'dids' | 'resolver'>,
): Promise<EquivocationReport> {
  const { size } = await stat(file)
  const proof = size > MAX_EQUIVOCATION_PROOF_BYTES ? undefined : readEquivocationProof(await readFile(file))
  if (proof === undefined) throw usage(`${file} says that it is an equivocation proof, and is malformed.`)
  const other = dids.find((did) => did !== proof.subject)
  if (other !== undefined) throw usage(`${file} is about ${proof.subject}, not about ${other}.`)
  return verifyEquivocation(proof, resolver)
}

export function equivocationText(style: Style, { verdict, subject, seq, hashes, text }: EquivocationReport): string {
  const paint = { equivocation: style.bad, no_proof: style.good, unchecked: style.warn }[verdict]
  return facts(style, [
    ['verdict', paint(verdict.replace('_', ' '))],
    ['kernel', subject],
    ['number', seq === undefined ? undefined : String(seq)],
    ...hashes.map((hash) => ['manifest', hash] as const),
    ['finding', text],
    ['next', verdict === 'unchecked' ? 'give the log of its identity with --did FILE' : undefined],
  ])
}
