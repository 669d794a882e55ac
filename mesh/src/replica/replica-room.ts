/**
 * Whose records there is room for. An identity costs nothing, so what bounds a replica is not how many kernels there are
 * but who brought them: everybody that this kernel asked by itself has a part of the room, and all strangers together a
 * quarter of it. When it is full, the largest part gives way, its newest record first; kernels that an operator has named,
 * imported or dealt with never do.
 */
import type { Did } from '@hansa/protocols'

export type RoomLimits = {
  /** Kernels. @default 100_000 */
  maxRecords: number
  /** Of all records as they were signed. @default 268_435_456 */
  maxBytes: number
  /** Share of both that one introducer may take that is known here. @default 0.5 */
  knownShare: number
  /** Share of both that all strangers may take together. @default 0.25 */
  strangersShare: number
  /** Of one stranger. @default 2_000 */
  strangerRecords: number
  /** Of one stranger. @default 16_777_216 */
  strangerBytes: number
}

export const DEFAULT_ROOM: RoomLimits = {
  maxRecords: 100_000,
  maxBytes: 268_435_456,
  knownShare: 0.5,
  strangersShare: 0.25,
  strangerRecords: 2_000,
  strangerBytes: 16_777_216,
}

export type ReplicaRoomInit = {
  limits: RoomLimits
  /** Never made to give way. */
  keeps(did: Did): boolean
  /** Whether an introducer is a kernel that is known here. */
  knows(from: string): boolean
}

/** What one introducer brought. */
class Part {
  readonly #members = new Map<Did, { bytes: number; nth: number }>()
  /** In the order of coming; those that have left or come again are skipped. */
  #order: { did: Did; nth: number }[] = []
  #nth = 0
  bytes = 0

  readonly from: string
  readonly stranger: boolean

  constructor(from: string, stranger: boolean) {
    this.from = from
    this.stranger = stranger
  }

  get size(): number {
    return this.#members.size
  }

  bytesOf(did: Did): number {
    return this.#members.get(did)?.bytes ?? 0
  }

  add(did: Did, bytes: number): void {
    const nth = this.#nth++
    this.#members.set(did, { bytes, nth })
    this.#order.push({ did, nth })
    this.bytes += bytes
    if (this.#order.length > 2 * this.#members.size + 64) this.#order = this.#order.filter((one) => this.#isMember(one))
  }

  delete(did: Did): void {
    this.bytes -= this.bytesOf(did)
    this.#members.delete(did)
  }

  *newestFirst(): Iterable<Did> {
    for (let at = this.#order.length - 1; at >= 0; at--) {
      const one = this.#order[at]
      if (one !== undefined && this.#isMember(one)) yield one.did
    }
  }

  #isMember({ did, nth }: { did: Did; nth: number }): boolean {
    return this.#members.get(did)?.nth === nth
  }
}

/** The part of kernels that never give way. */
const KEPT = 'kept'

export class ReplicaRoom {
  readonly #init: ReplicaRoomInit
  readonly #parts = new Map<string, Part>()
  readonly #of = new Map<Did, Part>()
  readonly #strangers = { records: 0, bytes: 0 }
  #bytes = 0

  constructor(init: ReplicaRoomInit) {
    this.#init = init
  }

  get records(): number {
    return this.#of.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Who has to go so that there is room.
   * @param bytes of the record as it was signed.
   * @returns undefined when there is no room.
   */
  roomFor(did: Did, from: string, bytes: number): Did[] | undefined {
    const before = this.#of.get(did)
    const more = bytes - (before?.bytesOf(did) ?? 0)
    const count = before === undefined ? 1 : 0
    const owner = this.#ownerOf(did, from)
    if (owner !== KEPT && !this.#withinShare(owner, count, more)) return undefined
    return this.#giveWay(owner, did, count, more)
  }

  /** After `roomFor`, and after those have been deleted that it named. */
  put(did: Did, from: string, bytes: number): void {
    const owner = this.#ownerOf(did, from)
    this.delete(did)
    const part = this.#parts.get(owner) ?? new Part(owner, owner !== KEPT && !this.#init.knows(owner))
    this.#parts.set(owner, part)
    part.add(did, bytes)
    this.#of.set(did, part)
    this.#count(part, 1, bytes)
  }

  delete(did: Did): void {
    const part = this.#of.get(did)
    if (part === undefined) return
    this.#count(part, -1, -part.bytesOf(did))
    part.delete(did)
    this.#of.delete(did)
    if (part.size === 0) this.#parts.delete(part.from)
  }

  /** Whoever brought a kernel first has brought it; what another one brings of it later is not a part of that one's. */
  #ownerOf(did: Did, from: string): string {
    return this.#init.keeps(did) ? KEPT : (this.#of.get(did)?.from ?? from)
  }

  #count({ stranger }: Part, records: number, bytes: number): void {
    this.#bytes += bytes
    if (!stranger) return
    this.#strangers.records += records
    this.#strangers.bytes += bytes
  }

  #withinShare(owner: string, count: number, more: number): boolean {
    if (count === 0 && more <= 0) return true
    const { limits } = this.#init
    const part = this.#parts.get(owner)
    const records = (part?.size ?? 0) + count
    const bytes = (part?.bytes ?? 0) + more
    if (!(part?.stranger ?? !this.#init.knows(owner)))
      return records <= limits.maxRecords * limits.knownShare && bytes <= limits.maxBytes * limits.knownShare
    return (
      records <= limits.strangerRecords &&
      bytes <= limits.strangerBytes &&
      this.#strangers.records + count <= limits.maxRecords * limits.strangersShare &&
      this.#strangers.bytes + more <= limits.maxBytes * limits.strangersShare
    )
  }

  /** Nobody's part gives way to itself. */
  #giveWay(owner: string, did: Did, count: number, more: number): Did[] | undefined {
    const { maxRecords, maxBytes } = this.#init.limits
    const going: Did[] = []
    let records = this.#of.size + count
    let bytes = this.#bytes + more
    if (records <= maxRecords && bytes <= maxBytes) return going
    const largest = this.#largest()
    if (largest === undefined || largest.from === owner) return undefined
    for (const one of largest.newestFirst()) {
      if (one === did || this.#init.keeps(one)) continue
      going.push(one)
      records -= 1
      bytes -= largest.bytesOf(one)
      if (records <= maxRecords && bytes <= maxBytes) return going
    }
    return undefined
  }

  #largest(): Part | undefined {
    const { maxRecords, maxBytes } = this.#init.limits
    const share = (part: Part) => Math.max(part.size / maxRecords, part.bytes / maxBytes)
    let largest: Part | undefined
    for (const part of this.#parts.values())
      if (part.from !== KEPT && (largest === undefined || share(part) > share(largest))) largest = part
    return largest
  }
}
