/** Asking a neighbour for a large object that it has passed on by its hash: one hash there, the object or nothing back. */
import type { Clock } from '@hansa/protocols'
import type { Connection } from '@libp2p/interface'
import { HASH_BYTES } from '../gossip/large-bodies.ts'
import { BODY_MS, MAX_BODY_BYTES } from '../gossip/limits.ts'
import { withTimeLimit } from '../time-limit.ts'
import type { HostLibp2p } from './libp2p-node.ts'
import { oneMessage } from './one-message.ts'

const PROTOCOL = '/hansa/gossip-body/1'
/** Questions of one neighbour at the same time. */
const MAX_STREAMS = 16
const NOTHING = new Uint8Array([0])
const FOUND = 1

export type BodyExchange = {
  fetch(from: string, hash: Uint8Array, bytes: number): Promise<Uint8Array | undefined>
  serve(body: (hash: Uint8Array) => Uint8Array | undefined): Promise<void>
}

export function bodyExchange(node: HostLibp2p, clock: Clock): BodyExchange {
  const limit = { clock, limitMs: BODY_MS, tooLate: new Error('it did not answer in time') }
  return {
    async fetch(from, hash, bytes) {
      const connection = connectionTo(node, from)
      if (connection === undefined) return undefined
      return withTimeLimit(limit, async (signal) => {
        const options = { signal, runOnLimitedConnection: true, maxOutboundStreams: MAX_STREAMS }
        const stream = await connection.newStream(PROTOCOL, options)
        try {
          const ends = oneMessage(stream, bytes + 1, signal)
          await ends.write(hash)
          const answer = await ends.read()
          return answer[0] === FOUND ? answer.subarray(1) : undefined
        } finally {
          stream.abort(new Error('answered'))
        }
      })
    },
    async serve(body) {
      const options = { maxInboundStreams: MAX_STREAMS, runOnLimitedConnection: true }
      await node.handle(
        PROTOCOL,
        (stream) =>
          withTimeLimit(limit, async (signal) => {
            const ends = oneMessage(stream, HASH_BYTES, signal)
            const found = body(await ends.read())
            const known = found !== undefined && found.length <= MAX_BODY_BYTES
            await ends.write(known ? Buffer.concat([Buffer.from([FOUND]), found]) : NOTHING)
            await stream.close({ signal })
          }).catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error('not answered'))),
        options,
      )
    },
  }
}

/** A direct connection before one over a relay. */
export function connectionTo(node: HostLibp2p, peerId: string): Connection | undefined {
  const all = node.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peerId)
  return all.find(({ limits }) => limits === undefined) ?? all[0]
}
