/**
 * Secrets on disk: one line of `hansa-secret/1 <kind> <32 bytes in base64url>`. The kind keeps the key of a log from
 * being started as the key of a kernel.
 */
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { KeyFileError } from './errors.ts'
import { createPrivateFile, readPrivateFile } from './private-file.ts'
import { newSeed, type Signer, signerFromSeed } from './signer.ts'

/**
 * What a file of 32 secret bytes is for: a signing key of a DID, the key that its log is updated with, of a log, of a witness or of a libp2p host, the root of tokens, a key of an
 * HMAC, the key that wraps those of kept content.
 */
export type SecretKind =
  | 'ed25519'
  | 'update-ed25519'
  | 'log-ed25519'
  | 'witness-ed25519'
  | 'host-ed25519'
  | 'token-root'
  | 'hmac'
  | 'content-key'

const FORMAT = 'hansa-secret/1'
const SECRET_BYTES = 32
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
  await createPrivateFile(path, keyFileText(secret, kind))
  return secret
}

/** What such a file holds. @param secret 32 bytes */
export function keyFileText(secret: Uint8Array, kind: SecretKind): string {
  return `${FORMAT} ${kind} ${encodeBase64url(secret)}\n`
}

/** @throws KeyFileError `key_file_missing`, `key_file_exposed`, `key_file_malformed`, `key_file_unusable`. */
export async function readSecretFile(path: string, kind: SecretKind): Promise<Uint8Array> {
  const secret = parseSecret(await readPrivateFile(path, MAX_FILE_BYTES), kind)
  if (secret === undefined) {
    const message = `${path} does not hold a secret of the kind ${kind}. Restore it from a backup or make a new one.`
    throw new KeyFileError({ code: 'key_file_malformed', path, expected: kind }, message)
  }
  return secret
}

/** The bytes in the text of a secret file; undefined for any other text, and for a secret of another kind. */
export function parseSecret(text: string, kind: SecretKind): Uint8Array | undefined {
  const [format, found, encoded, ...rest] = text.trimEnd().split(' ')
  if (format !== FORMAT || found !== kind || encoded === undefined || rest.length > 0) return undefined
  const secret = decodeBase64url(encoded)
  return secret?.length === SECRET_BYTES ? secret : undefined
}
