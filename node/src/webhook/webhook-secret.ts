/**
 * What a receiver and the node both know, in the form of Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. The
 * file of a node has one on each line; while there are several, each message is signed with all of them, so that a
 * receiver can change from one to the next.
 */
import { randomBytes } from 'node:crypto'
import { createPrivateFile, KeyFileError, readPrivateFile } from '@hansa/trust'

const PREFIX = 'whsec_'
const NEW_SECRET_BYTES = 32
const [MIN_SECRET_BYTES, MAX_SECRET_BYTES] = [24, 64]
/** While one takes the place of another there are two; more are a mistake. */
const MAX_SECRETS = 4
const MAX_FILE_BYTES = 1024

/** Makes a secret and writes it. @returns its text. @throws KeyFileError `key_file_exists`, `key_file_unusable`. */
export async function createWebhookSecret(path: string): Promise<string> {
  const text = `${PREFIX}${randomBytes(NEW_SECRET_BYTES).toString('base64')}`
  await createPrivateFile(path, `${text}\n`)
  return text
}

/** @throws KeyFileError `key_file_missing`, `key_file_exposed`, `key_file_malformed`, `key_file_unusable`. */
export async function readWebhookSecrets(path: string): Promise<Uint8Array[]> {
  const secrets = parseWebhookSecrets(await readPrivateFile(path, MAX_FILE_BYTES))
  if (secrets !== undefined) return secrets
  const message = `${path} does not hold a secret of a webhook: whsec_ and ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base64. Make one with: hansa webhook create`
  throw new KeyFileError({ code: 'key_file_malformed', path, expected: 'whsec' }, message)
}

/** @returns undefined when any line is something else. */
export function parseWebhookSecrets(text: string): Uint8Array[] | undefined {
  const secrets = text.trim().split(/\r?\n/).map(parseLine)
  const known = secrets.filter((secret) => secret !== undefined)
  return known.length === secrets.length && known.length <= MAX_SECRETS ? known : undefined
}

function parseLine(line: string): Uint8Array | undefined {
  if (!line.startsWith(PREFIX)) return undefined
  const encoded = line.slice(PREFIX.length)
  const secret = Buffer.from(encoded, 'base64')
  // Decoding passes over what is no base64; two texts must not be one secret.
  if (secret.toString('base64') !== encoded) return undefined
  return secret.length >= MIN_SECRET_BYTES && secret.length <= MAX_SECRET_BYTES ? secret : undefined
}
