/**
 * Revocations of this kernel and of others: each is in the store, together with its event, before anybody is told that it
 * holds, and in force from then on. Nothing takes one back.
 */
import { inTurn } from '@hansa/mesh'
import {
  CallError,
  type Clock,
  type Did,
  type EntryDraft,
  type Revocation,
  type RevocationKind,
  type Store,
  type StoreChange,
} from '@hansa/protocols'
import {
  keptRevocation,
  makeRevocation,
  parsedJson,
  type ReadRevocation,
  RevocationBook,
  type RevocationDraft,
  type Signer,
} from '@hansa/trust'
import { z } from 'zod'
import type { Events } from '../kernel/event-outbox.ts'
import type { TokenUses } from '../kernel/token-uses.ts'
import type { Revocations } from './revocations.ts'

const NAMESPACE = 'revocations'

const recordSchema = z.strictObject({
  v: z.literal(1),
  jws: z.string().max(8_192),
  epoch: z.int().min(1).optional().describe('principal: tokens of a lower epoch are rejected'),
})

export type RevocationDeskComponents = {
  signer: Signer
  store: Store
  clock: Clock
  /** Commits the changes with their event, see `EventOutbox`. */
  events: Events
  uses: Pick<TokenUses, 'epochOf' | 'setEpoch' | 'revoke' | 'isRevoked'>
}

export type NewRevocation = Pick<RevocationDraft, 'kind' | 'what' | 'reason' | 'since' | 'exp'> & {
  /** Who wants it. */
  by?: string
}

/** Told of each revocation when it is in force. */
export type Took = (revocation: Revocation) => void

export class RevocationDesk implements Revocations {
  readonly #c: RevocationDeskComponents
  readonly #book: RevocationBook
  readonly #told = new Set<Took>()
  /** One change after another: each counts from what the one before left. */
  readonly #inTurn = inTurn()

  /** @throws Error for a record that cannot be read: what was revoked must not hold again by it. */
  static async open(components: RevocationDeskComponents): Promise<RevocationDesk> {
    const desk = new RevocationDesk(components)
    const found = (await components.store.list(NAMESPACE)).map(({ key, value }) => readRecord(key, value))
    found.sort((a, b) => a.read.revocation.seq - b.read.revocation.seq)
    for (const { read, epoch } of found) {
      if (!desk.#book.take(read).ok)
        throw new Error(`a revocation of ${read.revocation.iss} is there twice; restore the store`)
      // The event may have reached the log after it was read, or not yet.
      desk.#affectTokens(read.revocation, epoch)
    }
    return desk
  }

  private constructor(components: RevocationDeskComponents) {
    this.#c = components
    this.#book = new RevocationBook(components.signer.did)
  }

  revoked(kind: RevocationKind, what: string, by?: readonly Did[]): Revocation | undefined {
    return this.#book.revoked(kind, what, by)
  }

  /** What is held; for reading. */
  get book(): Pick<RevocationBook, 'highest' | 'highestPublic' | 'publicSince' | 'list'> {
    return this.#book
  }

  /** Calls back for each revocation from now on, of this kernel or another. */
  tell(took: Took): void {
    this.#told.add(took)
  }

  /**
   * Revokes something of this kernel's own. Revoked already: the same revocation again, save for a principal, whose tokens
   * of today are other ones.
   * @throws CallError `invalid_request` for what no revocation can name; LedgerError when the log takes no entry
   */
  make(init: NewRevocation): Promise<ReadRevocation> {
    return this.#inTurn(async () => {
      const known = this.#held(init)
      if (known !== undefined) return known
      const { signer, clock, uses } = this.#c
      const now = Math.floor(clock.now() / 1000)
      // Of the time, so that a restored kernel does not count where it counted before.
      const seq = Math.max(this.#book.highest(signer.did) + 1, now)
      const { by, ...what } = init
      const making = makeRevocation(signer, { ...what, seq, iat: now })
      if (!making.ok) throw new CallError({ code: 'invalid_request' }, `invalid_request: ${making.reason}.`)
      const epoch = init.kind === 'principal' ? uses.epochOf(init.what) + 1 : undefined
      await this.#keep(making.read, epoch, madeEntry(making.read, epoch, by))
      return making.read
    })
  }

  /**
   * Takes one of another kernel, whose signature was verified.
   * @returns why it is refused; undefined when it is held now
   */
  take(read: ReadRevocation): Promise<string | undefined> {
    return this.#inTurn(async () => {
      const verdict = this.#book.judge(read)
      if (!verdict.ok) return verdict.reason
      if (verdict.news) await this.#keep(read, undefined, receivedEntry(read))
      return undefined
    })
  }

  /** Forgets what has ended by itself. */
  async tick(): Promise<void> {
    const gone = this.#book.prune(Math.floor(this.#c.clock.now() / 1000))
    if (gone.length > 0)
      await this.#c.store.apply(gone.map(({ revocation }) => ({ namespace: NAMESPACE, key: keyOf(revocation) })))
  }

  async #keep(read: ReadRevocation, epoch: number | undefined, draft: EntryDraft): Promise<void> {
    const value = JSON.stringify({ v: 1, jws: read.jws, ...(epoch === undefined ? {} : { epoch }) })
    const record: StoreChange = { namespace: NAMESPACE, key: keyOf(read.revocation), value }
    await this.#c.store.apply([record, this.#c.events.row(draft)])
    this.#book.take(read)
    this.#affectTokens(read.revocation, epoch)
    for (const took of this.#told) took(read.revocation)
    await this.#c.events.drain()
  }

  #affectTokens({ kind, what, iss }: Revocation, epoch: number | undefined): void {
    const { signer, uses, clock } = this.#c
    if (iss !== signer.did) return
    if (kind === 'token' && !uses.isRevoked(what)) uses.revoke(what, clock.now())
    if (kind === 'principal' && epoch !== undefined) uses.setEpoch(what, epoch)
  }

  #held({ kind, what, since }: NewRevocation): ReadRevocation | undefined {
    const known = kind === 'principal' ? undefined : this.#book.revoked(kind, what)
    if (known === undefined || (since ?? 0) < (known.since ?? 0)) return undefined
    return this.#book.list(known.iss).find(({ revocation }) => revocation.seq === known.seq)
  }
}

function keyOf({ iss, seq }: Revocation): string {
  return `${iss} ${seq}`
}

function readRecord(key: string, value: string): { read: ReadRevocation; epoch: number | undefined } {
  const record = recordSchema.safeParse(parsedJson(value))
  const read = record.success ? keptRevocation(record.data.jws) : undefined
  if (!record.success || read === undefined || keyOf(read.revocation) !== key)
    throw new Error(`the revocation ${key} cannot be read; restore the store`)
  return { read, epoch: record.data.epoch }
}

function madeEntry({ revocation, hash, jws }: ReadRevocation, epoch: number | undefined, by?: string): EntryDraft {
  const { kind, what, seq, reason } = revocation
  const common = { hash, seq, reason }
  if (kind === 'token') return { type: 'token.revoked', ext: { ...common, token: what } }
  if (kind === 'principal') return { type: 'token.revoked', actor: what, ext: { ...common, epoch } }
  const actor = by === undefined ? {} : { actor: by }
  return { type: 'revocation.made', ...actor, ext: { ...common, revoked: { kind, what }, jws } }
}

function receivedEntry({ revocation, hash, jws }: ReadRevocation): EntryDraft {
  const { iss, kind, what, seq, reason } = revocation
  return { type: 'revocation.received', peer: iss, ext: { hash, seq, reason, revoked: { kind, what }, jws } }
}
