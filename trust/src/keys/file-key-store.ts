/**
 * Secrets on disk: one line of `hansa-secret/1 <kind> <32 bytes in base64url>`. The kind keeps the key of a log from
 * being started as the key of a kernel. This is the adapter to the file system; nothing else reads a key from disk.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { KeyFileError } from './errors.ts'
import { newSeed, type Signer, signerFromSeed } from './signer.ts'

/** What a file of 32 secret bytes is for: a signing key of a DID or of a log, the root of tokens, a key of an HMAC. */
export type SecretKind = 'ed25519' | 'log-ed25519' | 'token-root' | 'hmac'

const FORMAT = 'hansa-secret/1'
const SECRET_BYTES = 32
/** Readable and writable by the owner alone. */
const OWNER_ONLY = 0o600
/** Any access of group or others. */
const NOT_OWNER = 0o077
/** Longest line of the format, with room to spare; a larger file is something else. */
const MAX_FILE_BYTES = 256

/**
 * Makes an Ed25519 key and writes it, synced to the disk with its directory entry.
 * @throws KeyFileError `key_file_exists`, `key_file_unusable`.
 */
export async function createKeyFile(path: string, kind: SecretKind = 'ed25519'): Promise<Signer> {
  return signerFromSeed(await createSecretFile(path, kind))
}

/** @throws KeyFileError `key_file_missing`, `key_file_exposed`, `key_file_malformed`, `key_file_unusable`. */
export async function readKeyFile(path: string, kind: SecretKind = 'ed25519'): Promise<Signer> {
  return signerFromSeed(await readSecretFile(path, kind))
}

/**
 * Makes 32 random bytes and writes them as `createKeyFile` does.
 * @throws KeyFileError `key_file_exists`, `key_file_unusable`.
 */
export async function createSecretFile(path: string, kind: SecretKind): Promise<Uint8Array> {
  const secret = newSeed()
  const file = await open(path, 'wx', OWNER_ONLY).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') {
      throw new KeyFileError({ code: 'key_file_exists', path }, `${path} already exists and is not written over.`)
    }
    throw unusable(path, 'cannot be created', cause)
  })
  try {
    // The umask can only take rights away, so the mode is set and not only asked for.
    await file.chmod(OWNER_ONLY)
    await file.writeFile(`${FORMAT} ${kind} ${encodeBase64url(secret)}\n`)
    await file.sync()
    await file.close()
    await syncDirectory(dirname(path))
  } catch (cause) {
    await file.close().catch(() => undefined)
    await unlink(path).catch(() => undefined)
    throw unusable(path, 'could not be written', cause)
  }
  return secret
}

/** @throws KeyFileError `key_file_missing`, `key_file_exposed`, `key_file_malformed`, `key_file_unusable`. */
export async function readSecretFile(path: string, kind: SecretKind): Promise<Uint8Array> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new KeyFileError({ code: 'key_file_missing', path }, `There is no file ${path}.`)
    throw unusable(path, 'cannot be opened', cause)
  })
  try {
    const text = await readOwnerOnly(file, path)
    const secret = parseSecret(text, kind)
    if (secret === undefined) {
      const message = `${path} does not hold a secret of the kind ${kind}. Restore it from a backup or make a new one.`
      throw new KeyFileError({ code: 'key_file_malformed', path, expected: kind }, message)
    }
    return secret
  } finally {
    await file.close()
  }
}

async function readOwnerOnly(file: FileHandle, path: string): Promise<string> {
  const found = await file.stat()
  const { mode, size } = found
  // Windows has no such bits; access lists are not looked at there.
  if (process.platform !== 'win32' && (mode & NOT_OWNER) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, '0')
    const message = `${path} can be reached by others than its owner (mode ${shown}). Run: chmod 600 ${path}`
    throw new KeyFileError({ code: 'key_file_exposed', path, mode: shown }, message)
  }
  if (!found.isFile() || size > MAX_FILE_BYTES) return ''
  return await file.readFile('latin1').catch((cause: unknown) => {
    throw unusable(path, 'cannot be read', cause)
  })
}

/** The bytes in the text of a secret file; undefined for any other text, and for a secret of another kind. */
export function parseSecret(text: string, kind: SecretKind): Uint8Array | undefined {
  const [format, found, encoded, ...rest] = text.trimEnd().split(' ')
  if (format !== FORMAT || found !== kind || encoded === undefined || rest.length > 0) return undefined
  const secret = decodeBase64url(encoded)
  return secret?.length === SECRET_BYTES ? secret : undefined
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function unusable(path: string, what: string, cause: unknown): KeyFileError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new KeyFileError({ code: 'key_file_unusable', path }, `${path} ${what}: ${why}`, { cause })
}
