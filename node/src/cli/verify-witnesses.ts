/** Adapter: the witnesses that a verifier is told of, as a tlog-policy file or one by one. */
import { readFile } from 'node:fs/promises'
import { parseTlogPolicy, type TlogPolicy, type TlogPolicyReading, witnessQuorum } from '@hansa/trust/ledger'
import { usage } from './errors.ts'

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
    return policyOf(await readPolicyFile(file), file)
  }
  if (witness !== undefined) return policyOf(witnessQuorum(witness, quorum), '--witness')
  if (quorum !== undefined) throw usage('--quorum is a number of witnesses: name them with --witness.')
  return undefined
}

async function readPolicyFile(file: string): Promise<TlogPolicyReading> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw usage(error.code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read: ${error.message}`)
  })
  return parseTlogPolicy(bytes.toString('utf8'))
}

function policyOf(reading: TlogPolicyReading, source: string): TlogPolicy {
  if (reading.ok) return reading.policy
  const faults = reading.faults.map(({ line, reason }) => (line > 0 ? `line ${line} ${reason}` : reason))
  throw usage(`${source} is no policy of witnesses: ${faults.join('; ')}.`)
}
