import type { Envelope } from '@hansa/protocols'
import { decodeBase64url } from '@hansa/trust'

/**
 * What an envelope says, before its signature is checked: believed by nobody, and only good for finding out cheaply
 * whether the signature is worth checking.
 */
export function claimedPayload({ payload }: Envelope): Readonly<Record<string, unknown>> | undefined {
  const bytes = decodeBase64url(payload)
  if (bytes === undefined) return undefined
  try {
    const claimed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof claimed === 'object' && claimed !== null ? { ...claimed } : undefined
  } catch {
    return undefined
  }
}
