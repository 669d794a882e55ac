/** The first entry of the log of an own identity, which gives the identity its name. Pure. */
import type { Did } from '@hansa/protocols'
import { newWebvhLog, type Signer, type WebLocation } from '@hansa/trust'
import { identityDocument } from './identity-document.ts'

/** Where the log is published. */
export type IdentityPlace = Pick<WebLocation, 'host' | 'port' | 'path'>

export type FirstIdentity = {
  place: IdentityPlace
  signing: Pick<Signer, 'publicKey'>
  /** Signs this entry and nothing else. */
  first: Signer
  /** Signs the entry that follows. */
  update: Pick<Signer, 'publicKey'>
  nowMs: number
}

export function firstIdentity({ place, signing, first, update, nowMs }: FirstIdentity): { did: Did; log: string } {
  const { did, line } = newWebvhLog({
    place,
    updateKey: first,
    nextUpdateKey: update.publicKey,
    timeMs: nowMs,
    document: (self) => identityDocument(self, [signing.publicKey]),
  })
  return { did, log: `${line}\n` }
}
