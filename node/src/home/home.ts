/**
 * The directory of one node: its keys, its log, its state. The only adapter that knows where each of them lies.
 *
 *   identity.key  log.key  token.secret     0600, refused when others can read them
 *   format                                  version of this layout
 *   hansa.yaml    policy.yaml               configuration
 *   state.db      log/                      imports and results; the audit log
 *   control.sock                            while the node runs
 */
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createKeyFile, createSecretFile, readKeyFile, readSecretFile, type Signer } from '@hansa/trust'
import { HomeError } from './errors.ts'
import { type HomePaths, homePaths } from './home-paths.ts'

const FORMAT = 'hansa-home/1'
const OWNER_ONLY = 0o700

export { type HomePaths, homePaths }

export type HomeKeys = { signer: Signer; logSeed: Uint8Array; secret: Uint8Array }

/**
 * Makes the directory and its keys.
 * @throws HomeError `home_exists`; KeyFileError when a key cannot be written.
 */
export async function createHome(root: string): Promise<{ paths: HomePaths; keys: HomeKeys }> {
  const paths = homePaths(root)
  if (await exists(paths.identity)) {
    throw new HomeError(
      { code: 'home_exists', path: root },
      `There is a node in ${root} already. Choose another directory with --home.`,
    )
  }
  await mkdir(root, { recursive: true, mode: OWNER_ONLY })
  await chmod(root, OWNER_ONLY)
  await mkdir(paths.log, { recursive: true, mode: OWNER_ONLY })
  const logSeed = await createSecretFile(paths.logKey, 'log-ed25519')
  const secret = await createSecretFile(paths.secret, 'token-root')
  await writeFile(paths.format, `${FORMAT}\n`, { mode: 0o600 })
  // Last, because its presence is what says that there is a node.
  const signer = await createKeyFile(paths.identity)
  return { paths, keys: { signer, logSeed, secret } }
}

/** @throws HomeError `home_missing`, `home_format`; KeyFileError for a key that is missing, exposed or malformed. */
export async function openHome(root: string): Promise<{ paths: HomePaths; keys: HomeKeys }> {
  const paths = homePaths(root)
  if (!(await exists(paths.identity))) {
    throw new HomeError(
      { code: 'home_missing', path: root },
      `There is no node in ${root}. Make one with: hansa init --home ${root}`,
    )
  }
  const found = (await readFile(paths.format, 'utf8').catch(() => 'none')).trim()
  if (found !== FORMAT) {
    const message = `${root} has the format ${found}, and this version reads ${FORMAT}. Use the version that wrote it.`
    throw new HomeError({ code: 'home_format', path: root, found }, message)
  }
  const signer = await readKeyFile(paths.identity)
  const logSeed = await readSecretFile(paths.logKey, 'log-ed25519')
  const secret = await readSecretFile(paths.secret, 'token-root')
  await mkdir(paths.log, { recursive: true, mode: OWNER_ONLY })
  return { paths, keys: { signer, logSeed, secret } }
}

/** Opens the home, or makes it when there is none. */
export async function openOrCreateHome(root: string): Promise<{ paths: HomePaths; keys: HomeKeys }> {
  return (await exists(homePaths(root).identity)) ? openHome(root) : createHome(root)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
