/** The DHT of libp2p as voices: every host's own answer, where libp2p would choose one for us. */
import type { KadDHT, SingleKadDHT } from '@libp2p/kad-dht'
import type { DhtAnswer, PointerDht } from './pointer-directory.ts'

export type Libp2pDhtComponents = {
  dht: KadDHT
  self: string
  /** Multiaddr at which a host is connected or known. */
  addressOf(peerId: string): string | undefined
}

export function libp2pDht({ dht, self, addressOf }: Libp2pDhtComponents): PointerDht {
  // A question of a host that knows no other would wait until it knows one.
  const isAlone = () => (dht as Partial<SingleKadDHT>).routingTable?.size === 0
  return {
    async *answers(key, signal) {
      if (isAlone()) return
      try {
        for await (const event of dht.get(key, { signal })) {
          // Only what answers the question itself: corrections that follow it have a path of their own.
          if (event.name === 'PEER_RESPONSE' && event.messageName === 'GET_VALUE') yield answerOf(event, addressOf)
          if (event.name === 'VALUE' && event.from.toString() === self)
            yield { from: undefined, address: undefined, value: event.value }
        }
      } catch {
        // A question that ends early has been answered by whoever answered.
      }
    },
    async put(key, value, signal) {
      const taken = new Set<string>()
      if (isAlone()) return 0
      try {
        for await (const event of dht.put(key, value, { signal }))
          if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') taken.add(event.from.toString())
      } catch {
        // As above.
      }
      return taken.size
    },
  }
}

type Response = {
  from: { toString(): string }
  record?: { value: Uint8Array }
}

function answerOf({ from, record }: Response, addressOf: Libp2pDhtComponents['addressOf']): DhtAnswer {
  const peerId = from.toString()
  return { from: peerId, address: addressOf(peerId), value: record?.value }
}
