/** PeerIds that were heard of on the LAN, the last ones: whoever is there may say as many as he likes. */
const MAX_NEAR = 1_024

export class NearHosts {
  readonly #peerIds = new Set<string>()

  add(peerId: string): void {
    this.#peerIds.delete(peerId)
    const [oldest] = this.#peerIds
    if (this.#peerIds.size >= MAX_NEAR && oldest !== undefined) this.#peerIds.delete(oldest)
    this.#peerIds.add(peerId)
  }

  has(peerId: string): boolean {
    return this.#peerIds.has(peerId)
  }
}
