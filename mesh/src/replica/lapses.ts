import type { Did, UnixSeconds } from '@hansa/protocols'

const SLICE_SECONDS = 60

/** Who lapses when, so that looking for those whose time has come does not look at all others. */
export class Lapses {
  readonly #slices = new Map<number, Set<Did>>()
  readonly #of = new Map<Did, UnixSeconds>()

  set(did: Did, until: UnixSeconds): void {
    this.delete(did)
    this.#of.set(did, until)
    const slice = Math.floor(until / SLICE_SECONDS)
    const members = this.#slices.get(slice)
    if (members === undefined) this.#slices.set(slice, new Set([did]))
    else members.add(did)
  }

  delete(did: Did): void {
    const until = this.#of.get(did)
    if (until === undefined) return
    const slice = Math.floor(until / SLICE_SECONDS)
    const members = this.#slices.get(slice)
    members?.delete(did)
    if (members?.size === 0) this.#slices.delete(slice)
    this.#of.delete(did)
  }

  /** Those whose time has come; they stay until they are deleted. */
  due(now: UnixSeconds): Did[] {
    const slices = [...this.#slices].filter(([slice]) => slice * SLICE_SECONDS <= now)
    return slices.flatMap(([, members]) => [...members].filter((did) => (this.#of.get(did) ?? 0) <= now))
  }
}
