/**
 * The directory of one node: its keys, its log, its state. The only adapter that knows where each of them lies.
 *
 *   format                                  version of this layout
 *   keys/                                   identity.key, log.key, token.secret, witness.key, content.key: 0600, refused when others can read them
 *                                           update.key, where the identity has a log: signs its next entry
 *   identity/                               did.jsonl, the log of the identity; rotation.json while its key changes
 *   hansa.yaml    policy.yaml               configuration
 *   state.db      log/                      imports, results, keys of content; the audit log
 *   blobs/                                  content of calls, encrypted, where it is kept
 *   evidence/                               proofs about other kernels, to hand on
 *   backups/                                made before a migration
 *   control.sock                            while the node runs
 */
import { chmod, mkdir } from 'node:fs/promises'
import { createSecretFile, readSecretFile, type Signer } from '@hansa/trust'
import type { IdentityPlace } from '../identity/first-identity.ts'
import { systemClock } from '../system-clock.ts'
import { HomeError } from './errors.ts'
import { hasNode } from './has-node.ts'
import { HOME_FORMAT, readFormat, writeFormat } from './home-format.ts'
import { type HomePaths, homePaths } from './home-paths.ts'
import { createIdentity, readIdentity } from './identity-home.ts'
import { type MigrateHomeInit, migrateHome } from './migrate-home.ts'
import { witnessSeed } from './witness-seed.ts'

const OWNER_ONLY = 0o700

export { type HomePaths, homePaths }

export type HomeKeys = { signer: Signer; logSeed: Uint8Array; secret: Uint8Array }

export type CreateHomeInit = {
  /** Where the log of the identity is published. @default none: the identity is its key (did:key) */
  webvh?: IdentityPlace
}

/**
 * Makes the directory and its keys.
 * @throws HomeError `home_exists`; KeyFileError when a key cannot be written.
 */
export async function createHome(
  root: string,
  init: CreateHomeInit = {},
): Promise<{ paths: HomePaths; keys: HomeKeys }> {
  const paths = homePaths(root)
  if (await hasNode(root)) {
    throw new HomeError(
      { code: 'home_exists', path: root },
      `There is a node in ${root} already. Choose another directory with --home.`,
    )
  }
  for (const directory of [root, paths.keys, paths.log]) {
    await mkdir(directory, { recursive: true, mode: OWNER_ONLY })
    await chmod(directory, OWNER_ONLY)
  }
  const logSeed = await createSecretFile(paths.logKey, 'log-ed25519')
  const secret = await createSecretFile(paths.secret, 'token-root')
  await witnessSeed(paths)
  await writeFormat(root)
  // Last, because its presence is what says that there is a node.
  const signer = await createIdentity(paths, init.webvh, systemClock.now())
  return { paths, keys: { signer, logSeed, secret } }
}

/**
 * Opens a home, and brings it to this version's format first where it has an older one.
 * @throws HomeError `home_missing`, `home_newer`, `home_format`, `home_migration`; KeyFileError for a key that is missing,
 * exposed or malformed.
 */
export async function openHome(
  root: string,
  migration?: MigrateHomeInit,
): Promise<{ paths: HomePaths; keys: HomeKeys }> {
  const paths = homePaths(root)
  if (!(await hasNode(root))) {
    throw new HomeError(
      { code: 'home_missing', path: root },
      `There is no node in ${root}. Make one with: hansa init --home ${root}`,
    )
  }
  if ((await readFormat(root)) !== HOME_FORMAT) await migrateHome(root, migration)
  const signer = await readIdentity(paths)
  const logSeed = await readSecretFile(paths.logKey, 'log-ed25519')
  const secret = await readSecretFile(paths.secret, 'token-root')
  await mkdir(paths.log, { recursive: true, mode: OWNER_ONLY })
  return { paths, keys: { signer, logSeed, secret } }
}

/** Opens the home, or makes it when there is none. */
export async function openOrCreateHome(root: string): Promise<{ paths: HomePaths; keys: HomeKeys }> {
  return (await hasNode(root)) ? openHome(root) : createHome(root)
}
