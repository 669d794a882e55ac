import { createHash } from 'node:crypto'

/** Half of the digest in groups of four: enough that nobody makes another DID for it, and short enough to read out. */
export function fingerprint(did: string): string {
  const digest = createHash('sha256').update(did).digest('hex').slice(0, 32)
  return digest.replace(/(.{4})(?=.)/g, '$1 ')
}
