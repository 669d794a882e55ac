/**
 * What the log says of sanctions: a projection of it. The cases are kept beside the log, and whoever can make them
 * unreadable must not end a sanction by it: what the log says then stays in force.
 */
import type { CaseId, Entry, Principal, Sanction } from '@hansa/protocols'

export type LoggedSanction = { subject: Principal; sanction: Sanction }

export class SanctionLog {
  readonly #byCase = new Map<CaseId, LoggedSanction>()

  replay({ type, t_ms, ext }: Entry): void {
    if (ext?.case === undefined || ext.subject === undefined) return
    if (type === 'sanction.lifted') this.#byCase.delete(ext.case)
    if (type !== 'sanction.imposed' || ext.sanction === undefined) return
    const from = Math.floor(t_ms / 1000)
    const [until, rule] = [ext.expires ?? null, ext.rule ?? 'decision']
    const scope = ext.scope === undefined ? {} : { scope: ext.scope }
    const sanction: Sanction = { case: ext.case, kind: ext.sanction, from, until, rule, ...scope }
    this.#byCase.set(ext.case, { subject: ext.subject, sanction })
  }

  /** @param nowMs what is over by then is left out */
  state(nowMs: number): LoggedSanction[] {
    const now = Math.floor(nowMs / 1000)
    return [...this.#byCase.values()].filter(({ sanction: { until } }) => until === null || now < until)
  }

  restore(state: readonly LoggedSanction[]): void {
    for (const logged of state) this.#byCase.set(logged.sanction.case, logged)
  }
}
