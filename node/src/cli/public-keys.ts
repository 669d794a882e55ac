/** Adapter: the public side of the keys of a home. Secrets are read to derive it, and go nowhere. */
import { stat } from 'node:fs/promises'
import type { Did, IdentityKey } from '@hansa/protocols'
import { readSecretFile, verifyWebvhLog } from '@hansa/trust'
import { cosignerKey, noteKey } from '@hansa/trust/ledger'
import { exists } from '../home/has-node.ts'
import { readFormat } from '../home/home-format.ts'
import { readHomeLogs } from '../home/home-logs.ts'
import { formatOnePaths, type HomePaths, homePaths } from '../home/home-paths.ts'
import { readIdentity, readLog, readRotation, unreadableLog } from '../home/identity-home.ts'
import { witnessName } from '../home/witness-seed.ts'
import { identityKeys } from '../identity/own-identity.ts'
import { systemClock } from '../system-clock.ts'
import { fingerprint } from './fingerprint.ts'
import { requireNode } from './require-node.ts'

export type KeyFileFacts = {
  key: 'identity' | 'update' | 'log' | 'tokens' | 'witness'
  path: string
  /** Such as `0600`. */
  mode: string
  /** When it was written, Unix seconds. */
  made: number
}

export type PublicKeys = {
  did: Did
  fingerprint: string
  log: { origin: string; vkey: string }
  /** Absent until the node has started once with this version, or after a restore. */
  witness?: { vkey: string }
  /** Every key that the identity ever had. */
  keys: IdentityKey[]
  files: KeyFileFacts[]
}

/** @throws HomeError `home_missing`, `home_logs`; KeyFileError for a key that is missing, exposed or malformed. */
export async function readPublicKeys(home: string): Promise<PublicKeys> {
  await requireNode(home)
  const paths = homePaths(home)
  const { identity, logKey, secret } = (await readFormat(home)) === 1 ? formatOnePaths(home) : paths
  const { did, kid } = await readIdentity({ ...paths, identity })
  const { origin } = await readHomeLogs(paths, did)
  const { vkey } = noteKey(origin, await readSecretFile(logKey, 'log-ed25519'))
  const files = [await factsOf('identity', identity), await factsOf('log', logKey), await factsOf('tokens', secret)]
  if (await exists(paths.updateKey)) files.splice(1, 0, await factsOf('update', paths.updateKey))
  const keys = await keysOf(paths, did, kid)
  const about = { did, fingerprint: fingerprint(did), log: { origin, vkey }, keys }
  if (!(await exists(paths.witnessKey))) return { ...about, files }
  const witness = cosignerKey(witnessName(did), await readSecretFile(paths.witnessKey, 'witness-ed25519'))
  const all = [...files, await factsOf('witness', paths.witnessKey)]
  return { ...about, witness: { vkey: witness.vkey }, files: all }
}

/** From the files, as they are. @throws HomeError `home_identity` */
async function keysOf(paths: HomePaths, did: Did, kid: string): Promise<IdentityKey[]> {
  const text = await readLog(paths)
  if (text === undefined) return [{ kid, state: 'signing' }]
  const now = Math.floor(systemClock.now() / 1000)
  const verdict = verifyWebvhLog({ did, log: Buffer.from(text), now })
  if (!verdict.ok) throw unreadableLog(paths, `it does not verify (${verdict.reason})`)
  return identityKeys(verdict.log, kid, await readRotation(paths)).keys
}

async function factsOf(key: KeyFileFacts['key'], path: string): Promise<KeyFileFacts> {
  const { mode, mtimeMs } = await stat(path)
  return { key, path, mode: (mode & 0o777).toString(8).padStart(4, '0'), made: Math.floor(mtimeMs / 1000) }
}
