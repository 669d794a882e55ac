/** A link as it is written, for what was verified before: nothing is believed of it here. */
import { type DelegationLink, delegationLinkSchema } from '@hansa/protocols'
import { decodeBase64url } from '../encoding/base64url.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import { linkHash } from './issue-link.ts'

/** @returns undefined when it is no link at all; its signature is not looked at. */
export function readLink(jws: string): { link: DelegationLink; hash: string } | undefined {
  const payload = decodeBase64url(jws.split('.')[1] ?? '')
  const parsed = payload === undefined ? undefined : parseStrictJson(payload, 'object')
  if (payload === undefined || parsed?.ok !== true) return undefined
  const link = delegationLinkSchema.safeParse(parsed.value)
  return link.success ? { link: link.data, hash: linkHash(payload) } : undefined
}
