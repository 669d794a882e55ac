/** Whom this kernel has sanctioned, as the one who authorises calls asks it: synchronous, and by principal. */
import type { CaseId, Clock, Did, Principal, Sanction } from '@hansa/protocols'
import { compareKinds, isInScope, type ScopedCall } from '@hansa/trust/governance'

export interface Sanctions {
  /** Whether nobody is sanctioned. */
  readonly isEmpty: boolean
  /**
   * What is in force now, the most severe of several.
   * @param who a principal of this kernel, another kernel, or somebody behind one: who is behind a sanctioned kernel is sanctioned
   */
  on(who: Did | Principal): Sanction | undefined
  /** The same of those that are about this call. */
  over(who: Did | Principal, call: ScopedCall): Sanction | undefined
}

/** In memory: what the cases and the log say. It ends nothing itself except what has reached its end. */
export class SanctionBook implements Sanctions {
  readonly #clock: Clock
  readonly #bySubject = new Map<string, Map<CaseId, Sanction>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    return this.#bySubject.size === 0
  }

  /** Replaces what the case had brought about. */
  put(subject: Principal, id: CaseId, sanction: Sanction | undefined): void {
    const held = this.#bySubject.get(subject) ?? new Map<CaseId, Sanction>()
    if (sanction === undefined) held.delete(id)
    else held.set(id, sanction)
    if (held.size === 0) this.#bySubject.delete(subject)
    else this.#bySubject.set(subject, held)
  }

  on(who: Did | Principal): Sanction | undefined {
    return this.#worst(who, () => true)
  }

  over(who: Did | Principal, call: ScopedCall): Sanction | undefined {
    return this.#worst(who, ({ scope }, subject) => isInScope(scope, subject, call))
  }

  #worst(who: Did | Principal, counts: (sanction: Sanction, subject: Principal) => boolean): Sanction | undefined {
    if (this.isEmpty) return undefined
    const now = Math.floor(this.#clock.now() / 1000)
    const kernel = kernelOf(who)
    const inForce = [...new Set([who, kernel])].flatMap((subject) =>
      [...(this.#bySubject.get(subject)?.values() ?? [])].filter(
        (one) => (one.until === null || now < one.until) && counts(one, subject),
      ),
    )
    return inForce.reduce<Sanction | undefined>(
      (worst, one) => (worst === undefined || compareKinds(one.kind, worst.kind) > 0 ? one : worst),
      undefined,
    )
  }
}

/** The kernel behind which somebody acts, or the principal itself. */
export function kernelOf(who: Principal): Principal {
  return who.split('#', 1)[0] ?? who
}
