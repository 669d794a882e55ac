/** A link as it is written, for what was verified before: nothing is believed of it here. */
import { type DelegationLink, delegationLinkSchema } from '@hansa/protocols'
import { unverifiedPart } from '../signed/unverified-part.ts'
import { linkHash } from './issue-link.ts'

/** @returns undefined when it is no link at all; its signature is not looked at. */
export function readLink(jws: string): { link: DelegationLink; hash: string } | undefined {
  const payload = unverifiedPart(jws, 1)
  const link = delegationLinkSchema.safeParse(payload?.value)
  return payload !== undefined && link.success ? { link: link.data, hash: linkHash(payload.bytes) } : undefined
}
