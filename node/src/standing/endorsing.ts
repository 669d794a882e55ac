/** Whom this kernel endorses, because its operator says so, and what it tells peers that ask. */
import { type Clock, type Did, type EntryDraft, isDid, type Store } from '@hansa/protocols'
import type { Signer } from '@hansa/trust'
import { dayOf, type EvidenceLog, ownScore, signEndorsement } from '@hansa/trust/score'
import type { Events } from '../kernel/event-outbox.ts'

const NAMESPACE = 'endorsing'

export type EndorsingComponents = {
  signer: Signer
  store: Store
  clock: Clock
  events: Pick<Events, 'record'>
  evidence: EvidenceLog
}

export class Endorsing {
  readonly #c: EndorsingComponents
  readonly #endorsed = new Set<Did>()

  constructor(components: EndorsingComponents) {
    this.#c = components
  }

  /** What was said before. @throws Error for a record that cannot be read: nobody must be endorsed by mistake. */
  async read(): Promise<void> {
    for (const { key } of await this.#c.store.list(NAMESPACE)) {
      if (!isDid(key)) throw new Error(`what is stored of the endorsement of ${key} cannot be read; restore the store`)
      this.#endorsed.add(key)
    }
  }

  has(did: Did): boolean {
    return this.#endorsed.has(did)
  }

  async begin(peer: Did, draft: Pick<EntryDraft, 'actor' | 'ext'>): Promise<void> {
    const change = { namespace: NAMESPACE, key: peer, value: '{"v":1}' }
    await this.#c.events.record({ ...draft, type: 'standing.endorsed', peer }, [change])
    this.#endorsed.add(peer)
  }

  /** Nobody is told from now on; what was signed before runs out within a day. */
  async end(peer: Did, draft: Pick<EntryDraft, 'actor' | 'ext'>): Promise<void> {
    await this.#c.events.record({ ...draft, type: 'standing.unendorsed', peer }, [{ namespace: NAMESPACE, key: peer }])
    this.#endorsed.delete(peer)
  }

  /** Compact JWS about those of them that are endorsed, with what they are worth today. */
  of(subjects: readonly Did[]): string[] {
    const { clock, evidence, signer } = this.#c
    const [now, day] = [Math.floor(clock.now() / 1000), dayOf(clock.now())]
    return subjects
      .filter((sub) => this.#endorsed.has(sub))
      .map((sub) => signEndorsement(signer, { sub, score: ownScore(evidence, sub, day) }, now))
  }
}
