/** Who vouches for the log, as the configuration says it; a policy file is read here. */
import { readFile } from 'node:fs/promises'
import { readSecretFile } from '@hansa/trust'
import { noteKey } from '@hansa/trust/ledger'
import type { NodeConfig } from '../config/index.ts'
import { witnessPolicy } from '../config/witnessing-config.ts'
import type { HomePaths } from '../home/home.ts'
import { readHomeLogs } from '../home/home-logs.ts'
import { readIdentity } from '../home/identity-home.ts'
import type { WitnessingInit } from '../witness/witnessing.ts'

export type ReadWitnessing = { witnessing?: WitnessingInit; faults: string[] }

/** @returns one sentence for each fault; what keeps the home from being opened is said elsewhere. */
export async function readWitnessing(
  { witnessing, allowPrivate }: NodeConfig,
  paths: HomePaths,
): Promise<ReadWitnessing> {
  if (witnessing === undefined) return { faults: [] }
  const { policyFile, ...given } = witnessing
  if (policyFile === undefined) return { witnessing: given, faults: [] }
  const vkey = await ownVkey(paths).catch(() => undefined)
  const bytes = await readFile(policyFile).catch((error: NodeJS.ErrnoException) => error)
  if (bytes instanceof Error) {
    const reason = bytes.code === 'ENOENT' ? 'is missing' : `cannot be read: ${bytes.message}`
    return {
      faults: [`The policy of witnesses ${policyFile} ${reason}. It is named by witnessing.policy in hansa.yaml.`],
    }
  }
  if (vkey === undefined) return { faults: [] }
  const read = witnessPolicy(bytes.toString('utf8'), allowPrivate, vkey)
  if ('faults' in read) return { faults: read.faults.map((fault) => `${policyFile}: ${fault}.`) }
  return { witnessing: { ...given, policy: read.policy }, faults: [] }
}

async function ownVkey(paths: HomePaths): Promise<string> {
  const { did } = await readIdentity(paths)
  const { origin } = await readHomeLogs(paths, did)
  return noteKey(origin, await readSecretFile(paths.logKey, 'log-ed25519')).vkey
}
