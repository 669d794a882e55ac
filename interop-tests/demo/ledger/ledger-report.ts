/** What the scene says as data: all of it is read from what the verifier printed. */
import type { Organisation } from '../report.ts'

export type AttackRow = {
  name: string
  /** Who did it. */
  by: Organisation
  detected: boolean
  /** Whom the verifier names; null when nobody. */
  blamed: Organisation | null
  /** `exposed`: what it signed proves it. `suspected`: it looks like it, and something else could explain it. */
  verdict: 'suspected' | 'exposed' | null
}

export type LedgerReport = {
  ok: boolean
  attacks: AttackRow[]
  honest: { verified: boolean; entries: number }
}
