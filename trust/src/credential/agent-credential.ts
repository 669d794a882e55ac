/** Credentials of agents: made once, shown once, kept as a hash. The form is in `@hansa/protocols`. */
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { AGENT_CREDENTIAL_PATTERN, AGENT_CREDENTIAL_PREFIX } from '@hansa/protocols'
import { sha256 } from '../encoding/hash.ts'

const SECRET_BYTES = 32
const CHECKSUM_CHARS = 6

/** @returns 256 fresh random bits under the prefix, with their checksum. */
export function newAgentCredential(): string {
  const body = AGENT_CREDENTIAL_PREFIX + randomBytes(SECRET_BYTES).toString('base64url')
  return body + checksum(body)
}

/** Whether it is whole: nothing is cut off or mistyped. Whether anyone knows it is another question. */
export function isAgentCredential(text: string): boolean {
  if (!AGENT_CREDENTIAL_PATTERN.test(text)) return false
  return checksum(text.slice(0, -CHECKSUM_CHARS)) === text.slice(-CHECKSUM_CHARS)
}

/** SHA-256 of the text: what a kernel keeps. 256 random bits need no salt and no slow hash. */
export function agentCredentialHash(credential: string): Uint8Array {
  return sha256(Buffer.from(credential, 'utf8'))
}

function checksum(body: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(body))
  return bytes.toString('base64url')
}
