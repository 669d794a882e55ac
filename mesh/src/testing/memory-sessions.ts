/** A session transport whose channels are in memory, with the kernel at the other end. */
import {
  type ChannelBinding,
  type Clock,
  type InboundHandler,
  type PeerReply,
  type PeerRequest,
  type PeerTransport,
  silentLogger,
  WS_ENDPOINT_PROTO,
} from '@hansa/protocols'
import { bob } from '@hansa/trust/testing'
import { unreachable } from '../session/asked-requests.ts'
import { type SessionLink, sessionLink } from '../session/session-link.ts'
import { SessionTransport } from '../session/session-transport.ts'
import { type MemoryChannel, memoryChannels } from './memory-channels.ts'

export type MemorySessions = AsyncDisposable & {
  transport: SessionTransport
  /** Asks bob: the same as `transport` with its peer named. */
  toBob: PeerTransport
  endpoint: string
  /** Channels that were opened, and bob's end of each with its link. */
  opened: { near: MemoryChannel; far: MemoryChannel; link: SessionLink }[]
  /** Single requests that went past the channels. */
  single: PeerRequest[]
  /** Reasons why no channel can be opened; the next ones are refused as long as there is one. */
  refusals: string[]
}

export const MEMORY_ENDPOINT = 'https://bob.example'

/** @param binding of each channel that is opened. */
export function memorySessions(
  handler: InboundHandler,
  { clock, binding }: { clock: Clock; binding: (opened: number) => ChannelBinding },
): MemorySessions {
  const opened: MemorySessions['opened'] = []
  const single: PeerRequest[] = []
  const refusals: string[] = []
  const dial = async () => {
    const [refusal] = refusals
    if (refusal !== undefined) throw new Error(refusal)
    const [near, far] = memoryChannels({ binding: binding(opened.length) })
    opened.push({ near, far, link: sessionLink({ role: 'taken', channel: far }, { clock, handler }) })
    return near
  }
  const singles: PeerTransport = {
    async send(request): Promise<PeerReply> {
      single.push(request)
      throw unreachable(request, 'only channels lead there')
    },
    binding: async () => ({ kind: 'spki', value: Buffer.alloc(32, 9) }),
  }
  const dialers = [{ proto: WS_ENDPOINT_PROTO, dial }]
  const transport = new SessionTransport({}, { single: singles, dialers, clock, logger: silentLogger })
  const ways = [{ proto: WS_ENDPOINT_PROTO, url: 'wss://bob.example/hansa/v1/session' }]
  transport.usePins({
    keysOf: () => undefined,
    waysTo: (peer, endpoint) => (peer === bob.did && endpoint === MEMORY_ENDPOINT ? ways : []),
    renew: async () => {},
  })
  const toBob: PeerTransport = {
    send: (request) => transport.send({ ...request, peer: bob.did }),
    binding: (endpoint) => transport.binding(endpoint, bob.did),
  }
  return {
    ...{ transport, toBob, opened, single, refusals, endpoint: MEMORY_ENDPOINT },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  }
}
