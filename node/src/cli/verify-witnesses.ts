/** Adapter: the witnesses that a verifier is told of, as a tlog-policy file or one by one. */
import { parseTlogPolicy, type TlogPolicy, type TlogPolicyReading, witnessQuorum } from '@hansa/trust/ledger'
import { usage } from './errors.ts'
import { readGivenFile } from './read-given-file.ts'

export type WitnessOptions = { policy?: string; witness?: string[]; quorum?: number }

/** @returns undefined when no witnesses were named. @throws CliError `usage` */
export async function readWitnesses({
  policy: file,
  witness,
  quorum,
}: WitnessOptions): Promise<TlogPolicy | undefined> {
  if (file !== undefined) {
    if (witness !== undefined || quorum !== undefined)
      throw usage('--policy says which witnesses there are and how many it takes; leave out --witness and --quorum.')
    return policyOf(parseTlogPolicy((await readGivenFile(file)).toString('utf8')), file)
  }
  if (witness !== undefined) return policyOf(witnessQuorum(witness, quorum), '--witness')
  if (quorum !== undefined) throw usage('--quorum is a number of witnesses: name them with --witness.')
  return undefined
}

function policyOf(reading: TlogPolicyReading, source: string): TlogPolicy {
  if (reading.ok) return reading.policy
  const faults = reading.faults.map(({ line, reason }) => (line > 0 ? `line ${line} ${reason}` : reason))
  throw usage(`${source} is no policy of witnesses: ${faults.join('; ')}.`)
}
