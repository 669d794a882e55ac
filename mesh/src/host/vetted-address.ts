/** From what somebody asked for to what may be dialled: names are resolved here, once, and every answer is judged. */
import type { Multiaddr } from '@multiformats/multiaddr'
import { MeshError } from '../errors.ts'
import type { ResolveHost } from '../fetch/guarded-connector.ts'
import { type DialRules, dialRefusal, nameIn, readMultiaddr, withAddress } from './dial-rules.ts'

export type VettedAddressInit = DialRules & { resolve: ResolveHost }

/** @throws MeshError `unreachable` with the rule that refuses it. One bad answer refuses a name, as for fetches. */
export async function vettedAddress(text: string, init: VettedAddressInit): Promise<Multiaddr> {
  const address = readMultiaddr(text)
  if (address === undefined) throw unreachable(text, 'it is not a multiaddr')
  const named = nameIn(address)
  if (named === undefined) return judged(text, address, init)
  const answers = await init.resolve(named.name).catch(() => [])
  const vetted = answers.map((ip) => {
    // Before it becomes a part of a multiaddr, which what a name server says need not fit into.
    const verdict = init.guard(ip)
    if (!verdict.ok) throw unreachable(text, verdict.reason)
    return judged(text, withAddress(address, ip), init)
  })
  const wanted = vetted.find((_, at) => named.family === undefined || named.family === familyOf(answers[at] ?? ''))
  if (wanted === undefined) throw unreachable(text, `${named.name} has no address`)
  return wanted
}

function judged(text: string, address: Multiaddr, rules: DialRules): Multiaddr {
  const refusal = dialRefusal(address, rules)
  if (refusal !== undefined) throw unreachable(text, refusal)
  return address
}

function familyOf(ip: string): 4 | 6 {
  return ip.includes(':') ? 6 : 4
}

export function unreachable(endpoint: string, reason: string): MeshError {
  return new MeshError({ code: 'unreachable', endpoint, reason }, `${endpoint} cannot be reached: ${reason}`)
}
