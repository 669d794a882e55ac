/** Adapter: the identity of a home. Its key alone (did:key); or its key, the log of the identity and the key of the next entry. */
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Did, MAX_DID_LOG_BYTES } from '@hansa/protocols'
import { createKeyFile, readKeyFile, type SecretKind, type Signer, syncDirectory } from '@hansa/trust'
import { firstIdentity, type IdentityPlace } from '../identity/first-identity.ts'
import { kidOf } from '../identity/identity-document.ts'
import type { IdentityFiles, IdentityKeyKind } from '../identity/identity-files.ts'
import { didIn } from '../identity/own-identity.ts'
import { rotationSchema } from '../identity/rotation.ts'
import { HomeError } from './errors.ts'
import { exists } from './has-node.ts'
import type { HomePaths } from './home-paths.ts'
import { replaceFile } from './replace-file.ts'

const OWNER_ONLY = 0o700

type IdentityPaths = Pick<
  HomePaths,
  'root' | 'identity' | 'nextIdentity' | 'updateKey' | 'nextUpdateKey' | 'didLog' | 'rotation'
>

const kinds: Record<IdentityKeyKind, SecretKind> = { signing: 'ed25519', update: 'update-ed25519' }

/**
 * Makes the keys of an identity, and the first entry of its log where it has one. The key itself comes last: it is what says
 * that there is a node.
 */
export async function createIdentity(
  paths: IdentityPaths,
  place: IdentityPlace | undefined,
  nowMs: number,
): Promise<Signer> {
  if (place === undefined) return createKeyFile(paths.identity)
  await rm(paths.nextIdentity, { force: true })
  const signing = await createKeyFile(paths.nextIdentity)
  const first = await createKeyFile(paths.nextUpdateKey, kinds.update)
  // Nothing but the first entry is signed with it; the one that it commits to is made now, and kept.
  const update = await createKeyFile(paths.updateKey, kinds.update)
  await mkdir(dirname(paths.didLog), { recursive: true, mode: OWNER_ONLY })
  const { did, log } = firstIdentity({ place, signing, first, update, nowMs })
  await replaceFile(paths.didLog, log)
  await rm(paths.nextUpdateKey)
  await rename(paths.nextIdentity, paths.identity)
  await syncDirectory(dirname(paths.identity))
  return signerOf(did, signing)
}

/**
 * The key that signs now, under the DID of the home.
 * @throws KeyFileError; HomeError `home_identity` when the log of the identity cannot be read.
 */
export async function readIdentity(paths: Pick<HomePaths, 'root' | 'identity' | 'didLog'>): Promise<Signer> {
  const signing = await readKeyFile(paths.identity)
  const log = await readLog(paths)
  if (log === undefined) return signing
  const did = didIn(log)
  if (did === undefined) throw unreadableLog(paths, 'it names no did:webvh')
  return signerOf(did, signing)
}

/** Whether the identity of a home has a log. */
export async function hasDidLog({ didLog }: Pick<HomePaths, 'didLog'>): Promise<boolean> {
  return exists(didLog)
}

/** @returns undefined when the identity has no log. @throws HomeError `home_identity` */
export async function readLog(paths: Pick<HomePaths, 'root' | 'didLog'>): Promise<string | undefined> {
  if (!(await exists(paths.didLog))) return undefined
  if ((await stat(paths.didLog)).size > MAX_DID_LOG_BYTES) throw unreadableLog(paths, 'it is too large')
  return readFile(paths.didLog, 'utf8')
}

export function homeIdentityFiles(paths: IdentityPaths): IdentityFiles {
  const places: Record<IdentityKeyKind, { now: string; next: string }> = {
    signing: { now: paths.identity, next: paths.nextIdentity },
    update: { now: paths.updateKey, next: paths.nextUpdateKey },
  }
  const keyIn = async (path: string, kind: IdentityKeyKind) =>
    (await exists(path)) ? readKeyFile(path, kinds[kind]) : undefined
  return {
    async read() {
      const log = await readLog(paths)
      if (log === undefined) throw unreadableLog(paths, 'it is missing')
      const [nextSigning, update, nextUpdate, rotation] = await Promise.all([
        keyIn(paths.nextIdentity, 'signing'),
        keyIn(paths.updateKey, 'update'),
        keyIn(paths.nextUpdateKey, 'update'),
        readRotation(paths),
      ])
      return {
        log,
        signing: await readKeyFile(paths.identity),
        ...(nextSigning === undefined ? {} : { nextSigning }),
        ...(update === undefined ? {} : { update }),
        ...(nextUpdate === undefined ? {} : { nextUpdate }),
        ...(rotation === undefined ? {} : { rotation }),
      }
    },
    writeLog: (text) => replaceFile(paths.didLog, text),
    async writeRotation(rotation) {
      if (rotation !== undefined) return replaceFile(paths.rotation, `${JSON.stringify(rotation)}\n`)
      await rm(paths.rotation, { force: true })
      await syncDirectory(dirname(paths.rotation))
    },
    async createNext(kind) {
      await rm(places[kind].next, { force: true })
      return createKeyFile(places[kind].next, kinds[kind])
    },
    async promote(kind) {
      await rename(places[kind].next, places[kind].now)
      await syncDirectory(dirname(places[kind].now))
    },
    async dropNext(kind) {
      await rm(places[kind].next, { force: true })
      await syncDirectory(dirname(places[kind].next))
    },
  }
}

/** What is under way with the key of a home. @throws HomeError `home_identity` when the note of it cannot be read */
export async function readRotation(paths: Pick<HomePaths, 'root' | 'rotation'>) {
  if (!(await exists(paths.rotation))) return undefined
  const text = await readFile(paths.rotation, 'utf8')
  try {
    return rotationSchema.parse(JSON.parse(text))
  } catch {
    const message = `${paths.rotation} cannot be read. Restore it from a backup; without it a rotation stops half way.`
    throw new HomeError({ code: 'home_identity', path: paths.root }, message)
  }
}

function signerOf(did: Did, { publicKey, sign, signInPool }: Signer): Signer {
  return { did, kid: kidOf(did, publicKey), publicKey, sign, signInPool }
}

export function unreadableLog({ root, didLog }: Pick<HomePaths, 'root' | 'didLog'>, why: string): HomeError {
  const message = `The log of the identity, ${didLog}, cannot be read: ${why}. Restore it from a backup.`
  return new HomeError({ code: 'home_identity', path: root }, message)
}
