/** What deciding about a kernel costs: its chain of delegations, and its score. */
import type { Predicate } from '@hansa/protocols'
import { didKeyResolver, type IssueVerdict, issueNext, issueRoot, verifyChain, whyNotCovered } from '@hansa/trust'
import { type ScoreEvidence, trustScore } from '@hansa/trust/score'
import { alice, bob, carol, mallory } from '@hansa/trust/testing'
import { eventual, immediate, type Operation } from '../micro/operation.ts'

const NOW = 1_700_000_000
const DAYS = 365

export const trustOperations: readonly Operation[] = [
  eventual('verify a delegation chain of 1 link', () => verification(1)),
  eventual('verify a delegation chain of 3 links', () => verification(3)),
  immediate('trust score, a year of 25 calls a day', () => {
    const input = { day: 20_000 + DAYS, organisation: 'other', pinned: true, evidence: aYear(), sources: new Map() }
    return () => trustScore(input)
  }),
]

/** Signatures and all; nothing is remembered from one time to the next but admitted keys. */
function verification(length: number): () => Promise<void> {
  const people = [alice, bob, carol, mallory]
  const chain: Extract<IssueVerdict, { ok: true }>['issued'][] = []
  for (const [at, by] of people.slice(0, length).entries()) {
    const parent = chain.at(-1)
    const pol: Predicate[] = [['<=', '.max_rows', 50]]
    const given = { to: people[at + 1]?.did ?? bob.did, cmd: '/billing', pol, exp: NOW + 60, dep: length - 1 - at }
    const made = parent === undefined ? issueRoot(by, given, NOW) : issueNext(by, parent, given, NOW)
    if (!made.ok) throw new Error(made.reason)
    chain.push(made.issued)
  }
  const jwss = chain.map(({ jws }) => jws)
  const invoker = chain.at(-1)?.link.aud ?? bob.did
  const init = { invoker, owners: new Set([alice.did]), resolver: didKeyResolver(), now: NOW, revoked: () => false }
  return async () => {
    const verdict = await verifyChain(jwss, init)
    if (!verdict.ok) throw new Error(`a good chain is refused: ${verdict.reason}`)
    const reason = whyNotCovered(verdict.chain, 'billing.list', { max_rows: 1 })
    if (reason !== undefined) throw new Error(`a good chain covers nothing: ${reason}`)
  }
}

function aYear(): ScoreEvidence[] {
  return Array.from({ length: DAYS }, (_, day) =>
    Array.from(
      { length: 25 },
      (_, n): ScoreEvidence => ({ hash: `${day}-${n}`, day: 20_000 + day, kind: 'good', source: 'self' }),
    ),
  ).flat()
}
