/**
 * Writes the newest checkpoint of each kernel that this one trades with into the own log: at the latest ten minutes, or
 * 64 calls, after a call that none covers. A history that its owner rewrites then contradicts somebody else's log
 * (security.md B8, "Shared without consensus").
 */
import { judgeCheckpoint, type LogKeys, type PeerMemory } from '@hansa/mesh'
import type { CheckpointReference, Clock, Did, EntryDraft, EntryType } from '@hansa/protocols'
import { type Appended, anchorNote } from '@hansa/trust/ledger'
import type { ForkWatch } from './fork-watch.ts'
import type { AskHeads } from './head-asker.ts'

/** How long, milliseconds, and over how many calls nothing of a kernel's log need be anchored. */
const ANCHOR_MS = 600_000
export const ANCHOR_CALLS = 64
/** After a kernel could not be asked, milliseconds. */
const RETRY_MS = 60_000
/** Kernels that were traded with and not anchored yet; the calls of further ones wait for the next call after that. */
const MAX_PEERS = 10_000

const OF_CALLS: ReadonlySet<EntryType> = new Set(['receipt.received', 'outcome'])

/** `note` is what its log signed; without it nobody is convicted by the checkpoint. */
type Head = { checkpoint: CheckpointReference; note?: string }
type Traded = { calls: number; sinceMs: number; notBeforeMs: number; anchoring: boolean }

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
    const known = this.#traded.get(peer)
    if (known === undefined) {
      if (this.#traded.size >= MAX_PEERS) return
      this.#traded.set(peer, { calls: 1, sinceMs: this.#c.clock.now(), notBeforeMs: 0, anchoring: false })
      return
    }
    known.calls += 1
    // Behind what is going on now: nothing of a call waits for it.
    if (known.calls === ANCHOR_CALLS) setImmediate(() => void this.tick())
  }

  /** Anchors what is due; a periodic job. Never rejects: what fails is tried again. */
  async tick(): Promise<void> {
    const now = this.#c.clock.now()
    const due = [...this.#traded].filter(([, traded]) => {
      const enough = traded.calls >= ANCHOR_CALLS || now - traded.sinceMs >= ANCHOR_MS
      return enough && traded.notBeforeMs <= now && !traded.anchoring
    })
    await Promise.all(due.map(([peer, traded]) => this.#anchor(peer, traded)))
  }

  close(): void {
    this.#closed = true
  }

  async #anchor(peer: Did, traded: Traded): Promise<void> {
    const { clock, bars } = this.#c
    traded.anchoring = true
    const { calls } = traded
    try {
      const head = bars(peer) === undefined ? await this.#newest(peer) : undefined
      if (this.#closed) return
      if (head === undefined || !(await this.#write(peer, head))) {
        traded.notBeforeMs = clock.now() + RETRY_MS
        return
      }
      const more = traded.calls - calls
      if (more === 0) this.#traded.delete(peer)
      else Object.assign(traded, { calls: more, sinceMs: clock.now() })
    } finally {
      traded.anchoring = false
    }
  }

  /** Asked of the kernel itself; where it cannot be asked, the one that it showed in its last handshake. */
  async #newest(peer: Did): Promise<Head | undefined> {
    const { memory, ask, reach, forks } = this.#c
    const head = await this.#seen(peer)
    const seen = head?.checkpoint
    const way = reach(peer)
    const origin = seen?.origin ?? way?.logs[0]?.origin
    if (way === undefined || origin === undefined) return head
    const asked = await ask(peer, way.endpoint, { logs: [{ origin, size: seen?.size ?? 0 }] })
    const shown = asked.ok ? asked.heads.heads.find((head) => head.origin === origin) : undefined
    if (shown === undefined) return head
    const { note, consistency } = shown
    const judged = judgeCheckpoint({ note, ...(consistency === undefined ? {} : { consistency }) }, way.logs, seen)
    if (judged.ok) {
      await memory.rememberCheckpoint(peer, judged.checkpoint, note)
      return { checkpoint: judged.checkpoint, note }
    }
    // An older copy of the log: no session is had with it, and that is all.
    if (judged.shown === undefined || judged.shown.size < (seen?.size ?? 0)) return head
    // It does not extend what was seen: asked for the proof alone, it has that answer or convicts itself.
    return (await forks.see(peer, note)) === 'forked' ? undefined : this.#seen(peer)
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
