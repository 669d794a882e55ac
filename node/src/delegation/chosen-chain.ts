/**
 * The chain under which this kernel calls a peer: the one that the caller names, or the only one that covers the call.
 * What the peer makes of it is the peer's to say.
 */
import type { Clock, Did } from '@hansa/protocols'
import { whyNotCovered } from '@hansa/trust'
import { argumentsOf } from '../kernel/continuation.ts'
import type { PeerSettings } from '../kernel/peer-settings.ts'
import type { CallDelegation, ImportedTarget, Received, Refusal } from '../kernel/stages.ts'
import { NOT_JUDGED } from '../standing/standing.ts'
import type { ChainBook, HeldChain } from './chain-book.ts'

export type ChosenChainComponents = {
  self: Did
  clock: Clock
  peers: PeerSettings
  book: ChainBook
  revoked(hash: string, by: readonly Did[]): boolean
}

export function chosenChain(call: Received, components: ChosenChainComponents): CallDelegation | Refusal | undefined {
  const { target, chain: wanted } = call
  if (wanted === false || wanted instanceof Uint8Array) return undefined
  if (target.kind !== 'imported') {
    if (wanted === undefined) return undefined
    return { refused: 'invalid_request', reason: 'a chain is for calls of other kernels, and this is one of our own' }
  }
  return wanted === undefined ? onlyOne(call, target, components) : named(call, target, wanted, components)
}

function named(
  call: Received,
  target: ImportedTarget,
  name: string,
  components: ChosenChainComponents,
): CallDelegation | Refusal {
  const chain = components.book.find(name)
  if (chain === undefined)
    return { refused: 'not_found', reason: `no chain ${name} is held, or several begin like this` }
  const reason = whyUnusable(call, target, chain, components)
  return reason === undefined ? delegationOf(chain) : { refused: 'policy_denied', reason: `delegation: ${reason}` }
}

/** Without a word of the caller only what the peer itself has given counts; with two the caller has to say which. */
function onlyOne(
  call: Received,
  target: ImportedTarget,
  components: ChosenChainComponents,
): CallDelegation | undefined {
  const usable = components.book
    .list()
    .filter((chain) => chain.links[0]?.sub === target.peer)
    .filter((chain) => whyUnusable(call, target, chain, components) === undefined)
  return usable.length === 1 && usable[0] !== undefined ? delegationOf(usable[0]) : undefined
}

function whyUnusable(
  call: Received,
  target: ImportedTarget,
  { links, hashes, principal }: HeldChain,
  { self, clock, peers, revoked }: ChosenChainComponents,
): string | undefined {
  const now = Math.floor(clock.now() / 1000)
  if (links.at(-1)?.aud !== self) return 'it was given to somebody else'
  if (principal !== undefined && principal !== call.caller.principal) return `it is for ${principal} only`
  if (!peers.of(target.peer).delegation)
    return 'this kernel has not consented to chains with this peer (peers[].delegation)'
  if (links.some(({ nbf }) => now < nbf)) return 'it has not begun'
  if (links.some(({ exp }) => now >= exp)) return 'it has ended'
  if (
    hashes.some((hash, at) =>
      isRevoked(
        hash,
        links.slice(0, at + 1).map(({ iss }) => iss),
        revoked,
      ),
    )
  )
    return 'it was taken back'
  return whyNotCovered({ links: links.map((link) => ({ link })) }, target.id, argumentsOf(call, call.value))
}

function isRevoked(hash: string, by: readonly Did[], revoked: ChosenChainComponents['revoked']): boolean {
  try {
    return revoked(hash, by)
  } catch {
    return true
  }
}

function delegationOf({ jwss, hashes, links }: HeldChain): CallDelegation {
  return { jwss, hashes, links, standing: NOT_JUDGED }
}
