/** What the scene says as data: all of it was observed. */
import type { Did } from '@hansa/protocols'

export type Refusal = { outcome: 'released' | 'refused' | 'not_tried'; code: string | null }

export type TrustReport = {
  ok: boolean
  delegation: {
    /** From the owner to whoever calls. */
    links: { from: Did; to: Did; cmd: string; calls: number; exp: number }[]
    outcome: Refusal['outcome']
    /** A link that gives more than its issuer was given. */
    widened: Refusal
    /** A good chain in the hands of another kernel. */
    stolen: Refusal
  }
  /** Calls while the key of the kernel that serves changes. */
  rotation: { calls: number; failed: number }
  /** Milliseconds from the answer to `hansa revoke` until the other kernel had it, and until its last acceptance. */
  revocation: { pushedMs: number | null; lastAcceptedMs: number | null }
  /** What orgb makes of the clerk. */
  score: {
    did: string | null
    value: number | null
    tier: string | null
    contributions: { day: string; kind: string; count: number; rule: string }[]
  }
}

export function emptyTrustReport(): TrustReport {
  const notTried = { outcome: 'not_tried', code: null } as const
  return {
    ok: false,
    delegation: { links: [], outcome: 'not_tried', widened: notTried, stolen: notTried },
    rotation: { calls: 0, failed: 0 },
    revocation: { pushedMs: null, lastAcceptedMs: null },
    score: { did: null, value: null, tier: null, contributions: [] },
  }
}
