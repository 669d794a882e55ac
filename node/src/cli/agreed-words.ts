/** A kernel that two discovery channels name alike is imported without asking a person; where they do not agree, one is asked. */
import { userInfo } from 'node:os'
import type { ChannelWord, ControlResult, DiscoveredPeer } from '@hansa/protocols'
import { accountPerson } from './account-person.ts'
import type { Admission } from './admit-peer.ts'
import type { Invocation } from './cli.ts'
import type { ControlClient } from './control-client.ts'

export type AgreedPeer = ControlResult<'importAgreed'>

/** Refusals after which a person can still say yes; a contradiction is none of them. */
const LEFT_TO_A_PERSON: ReadonlySet<unknown> = new Set([
  'not_found',
  'policy_denied',
  'invalid_request',
  'busy',
  'rate_limited',
])

/** @param url where the operator said that it is, if he did. @returns undefined, with a note why, when a person has to say. */
export async function importIfAgreed(
  { options: { as, trustPolicy }, print }: Invocation<Admission>,
  client: ControlClient,
  { did }: Pick<DiscoveredPeer, 'did'>,
  url: string | undefined,
): Promise<AgreedPeer | undefined> {
  try {
    return await client.call('importAgreed', {
      did,
      by: accountPerson(userInfo().username),
      ...(url !== undefined && { url }),
      ...(as !== undefined && { as }),
      ...(trustPolicy !== undefined && { trustPolicy }),
    })
  } catch (error) {
    if (!LEFT_TO_A_PERSON.has(codeOf(error))) throw error
    print.note((style) => style.dim(`Not imported by itself: ${error instanceof Error ? error.message : ''}`))
    return undefined
  }
}

export function channelsText(agreed: readonly ChannelWord[]): string {
  return agreed.map(({ channel, source }) => (channel === source ? channel : `${channel} ${source}`)).join(', ')
}

function codeOf(error: unknown): unknown {
  const detail = error instanceof Error && 'detail' in error ? error.detail : undefined
  return typeof detail === 'object' && detail !== null && 'code' in detail ? detail.code : undefined
}
