/**
 * Writes the newest checkpoint of each kernel that this one trades with into the own log: at the latest ten minutes, or
 * 64 calls, after a call that none covers, and under load every five seconds. A history that its owner rewrites then
 * contradicts somebody else's log (security.md B8, "Shared without consensus").
 */
import { judgeCheckpoint, type LogKeys, type PeerMemory } from '@hansa/mesh'
import type { CheckpointReference, Clock, Did, EntryDraft, EntryType } from '@hansa/protocols'
import { type Appended, anchorNote } from '@hansa/trust/ledger'
import type { ForkWatch } from './fork-watch.ts'
import type { AskHeads } from './head-asker.ts'

/** How long, milliseconds, and over how many calls nothing of a kernel's log need be anchored. */
const ANCHOR_MS = 600_000
export const ANCHOR_CALLS = 64
/**
 * From one anchor to the next, milliseconds, however many calls there are: a kernel answers so many questions a minute, and
 * cuts a checkpoint a second.
 */
const PACE_MS = 5_000
/** After a kernel could not be asked, milliseconds: at first, and at most. */
const RETRY_MS = 60_000
/** Kernels that were traded with and not anchored yet; the calls of further ones wait for the next call after that. */
const MAX_PEERS = 10_000

const OF_CALLS: ReadonlySet<EntryType> = new Set(['receipt.received', 'outcome'])

/** `note` is what its log signed; without it nobody is convicted by the checkpoint. */
type Head = { checkpoint: CheckpointReference; note?: string }
/** `isStale` where the kernel was to be asked and did not say. */
type Newest = { head: Head | undefined; isStale: boolean }
/** `calls` that no anchor covers, the first of them at `sinceMs`. */
type Traded = { calls: number; sinceMs: number; notBeforeMs: number; retryMs: number; wake?: () => void }

/** Nothing of it is anchored. */
const BARRED: Newest = { head: undefined, isStale: true }

export type AnchorsComponents = {
  clock: Clock
  memory: Pick<PeerMemory, 'checkpoint' | 'head' | 'rememberCheckpoint'>
  forks: Pick<ForkWatch, 'see'>
  ask: AskHeads
  append(draft: EntryDraft): Appended
  /** Where a kernel is reached, and the keys of its logs; by its import, or by the manifest of its session. */
  reach(peer: Did): { endpoint: string; logs: LogKeys } | undefined
  bars(peer: Did): string | undefined
}

export class Anchors {
  readonly #c: AnchorsComponents
  readonly #traded = new Map<Did, Traded>()
  readonly #last = new Map<Did, CheckpointReference>()
  readonly #anchoring = new Set<Did>()
  #closed = false

  constructor(components: AnchorsComponents) {
    this.#c = components
  }

  /** Told of every entry as it is appended. */
  saw({ type, peer, ext }: EntryDraft): void {
    // Whoever checks what receipts promise keeps checkpoints too.
    if (peer !== undefined && type === 'peer.checkpoint' && ext?.checkpoint !== undefined)
      this.#last.set(peer, ext.checkpoint)
    if (peer === undefined || !OF_CALLS.has(type)) return
    const traded = this.#traded.get(peer) ?? this.#first(peer)
    if (traded === undefined) return
    traded.calls += 1
    if (traded.calls === 1) traded.sinceMs = this.#c.clock.now()
    if (traded.calls === ANCHOR_CALLS) this.#wakeFor(traded)
  }

  /** Anchors what is due; a periodic job. Never rejects: what fails is tried again. */
  async tick(): Promise<void> {
    const now = this.#c.clock.now()
    const due: Did[] = []
    for (const [peer, traded] of this.#traded) {
      const isEnough = traded.calls >= ANCHOR_CALLS || (traded.calls > 0 && now - traded.sinceMs >= ANCHOR_MS)
      if (traded.notBeforeMs > now || this.#anchoring.has(peer)) continue
      if (isEnough) due.push(peer)
      else if (traded.calls === 0 && traded.wake === undefined) this.#traded.delete(peer)
    }
    await Promise.all(due.map((peer) => this.#anchor(peer)))
  }

  close(): void {
    this.#closed = true
    for (const { wake } of this.#traded.values()) wake?.()
  }

  #first(peer: Did): Traded | undefined {
    if (this.#traded.size >= MAX_PEERS) return undefined
    const traded: Traded = { calls: 0, sinceMs: 0, notBeforeMs: 0, retryMs: RETRY_MS }
    this.#traded.set(peer, traded)
    return traded
  }

  /** Behind what is going on now: nothing of a call waits for it. */
  #wakeFor(traded: Traded): void {
    const { clock } = this.#c
    traded.wake?.()
    traded.wake = clock.after(Math.max(0, traded.notBeforeMs - clock.now()), () => {
      delete traded.wake
      void this.tick()
    })
  }

  async #anchor(peer: Did): Promise<void> {
    const traded = this.#traded.get(peer)
    if (traded === undefined) return
    const { clock, bars } = this.#c
    this.#anchoring.add(peer)
    const { calls } = traded
    try {
      const { head, isStale } = bars(peer) === undefined ? await this.#newest(peer) : BARRED
      if (this.#closed) return
      if (head === undefined || !(await this.#write(peer, head)) || isStale) {
        traded.notBeforeMs = clock.now() + traded.retryMs
        traded.retryMs = Math.min(2 * traded.retryMs, ANCHOR_MS)
        return
      }
      const now = clock.now()
      Object.assign(traded, {
        calls: traded.calls - calls,
        sinceMs: now,
        notBeforeMs: now + PACE_MS,
        retryMs: RETRY_MS,
      })
      if (traded.calls >= ANCHOR_CALLS) this.#wakeFor(traded)
    } finally {
      this.#anchoring.delete(peer)
    }
  }

  /** Asked of the kernel itself; where it cannot be asked, the one that it showed in its last handshake. */
  async #newest(peer: Did): Promise<Newest> {
    const { memory, ask, reach, forks } = this.#c
    const head = await this.#seen(peer)
    const seen = head?.checkpoint
    const way = reach(peer)
    const origin = seen?.origin ?? way?.logs[0]?.origin
    if (way === undefined || origin === undefined) return { head, isStale: false }
    const asked = await ask(peer, way.endpoint, { logs: [{ origin, size: seen?.size ?? 0 }] })
    const shown = asked.ok ? asked.heads.heads.find((head) => head.origin === origin) : undefined
    if (shown === undefined) return { head, isStale: true }
    const { note, consistency } = shown
    const judged = judgeCheckpoint({ note, ...(consistency === undefined ? {} : { consistency }) }, way.logs, seen)
    if (judged.ok) {
      await memory.rememberCheckpoint(peer, judged.checkpoint, note)
      return { head: { checkpoint: judged.checkpoint, note }, isStale: false }
    }
    // An older copy of the log: no session is had with it, and that is all.
    if (judged.shown === undefined || judged.shown.size < (seen?.size ?? 0)) return { head, isStale: true }
    // It does not extend what was seen: asked for the proof alone, it has that answer or convicts itself.
    if ((await forks.see(peer, note)) === 'forked') return BARRED
    const proved = await this.#seen(peer)
    return { head: proved, isStale: proved?.checkpoint.size === seen?.size }
  }

  async #seen(peer: Did): Promise<Head | undefined> {
    const { memory } = this.#c
    const head = await memory.head(peer)
    if (head !== undefined) return head
    const checkpoint = await memory.checkpoint(peer)
    return checkpoint === undefined ? undefined : { checkpoint }
  }

  /** @returns whether it is in the log. */
  async #write(peer: Did, { checkpoint, note }: Head): Promise<boolean> {
    const last = this.#last.get(peer)
    if (last?.size === checkpoint.size && last.root === checkpoint.root) return true
    try {
      await this.#c.append({ type: 'peer.checkpoint', peer, ext: { checkpoint, ...this.#signed(peer, note) } }).durable
    } catch {
      // The log has no room, or has ended: both are said elsewhere.
      return false
    }
    return true
  }

  /** The note with the signature of the log alone: witnesses speak elsewhere, and an entry is small. */
  #signed(peer: Did, note: string | undefined): { note?: string } {
    const keys = (this.#c.reach(peer)?.logs ?? []).map(({ vkey }) => vkey)
    const text = note === undefined ? undefined : anchorNote(note, keys)
    return text === undefined ? {} : { note: text }
  }
}
