import { type ChannelDialer, type FramedChannel, type SessionLink, sessionLink, webSocketDialer } from '@hansa/mesh'
import {
  type Did,
  decodeSessionFrame,
  encodeSessionFrame,
  exchangePaths,
  type InboundHandler,
  type InboundRequest,
  SESSION_PATH,
  type SessionFrame,
  silentLogger,
} from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { alice } from '@hansa/trust/testing'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { httpGateway } from './http-gateway.ts'

/** As long as a busy machine takes. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 })

const NOTHING = new Uint8Array(0)
const dialer: ChannelDialer = webSocketDialer({ allowPrivate: ['127.0.0.0/8'] })

/** Whoever asks for `/proof` has proven that it is alice. */
async function opened(handle: (inbound: InboundRequest) => Promise<Uint8Array> = async ({ body }) => body) {
  const clock = manualClock()
  const proven: [Did, SessionLink][] = []
  const advertised = (url: string) => ({ url })
  const sessions = { clock, proven: (peer: Did, link: SessionLink) => void proven.push([peer, link]) }
  const gateway = await httpGateway(
    { host: '127.0.0.1', port: 0 },
    { clock, logger: silentLogger, advertised, sessions },
  )
  const handler: InboundHandler = {
    async handle(inbound) {
      const body = await handle(inbound)
      const told = inbound.path === exchangePaths.proof ? { proven: alice.did } : {}
      return { status: 200, contentType: 'text/plain', body, ...told }
    },
  }
  gateway.attach(handler)
  const url = gateway.url.replace('http', 'ws') + SESSION_PATH
  const dial = () => dialer.dial(url, alice.did)
  const link = (channel: FramedChannel) =>
    sessionLink({ role: 'opened', channel }, { clock: manualClock(), handler: { handle: () => Promise.reject() } })
  return { ...{ clock, gateway, proven, url, dial, link }, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
}

const asking = (path: string, body = 'x') =>
  ({ endpoint: 'x', path, method: 'POST', body: Buffer.from(body), maxReplyBytes: 1_000 }) as const

describe('a gateway that takes sessions', () => {
  it('hands their requests to the same handler as single ones, with the binding of the channel', async () => {
    const seen: InboundRequest[] = []
    await using side = await opened(async (inbound) => {
      seen.push(inbound)
      return inbound.body
    })
    const link = side.link(await side.dial())
    const reply = await link.send(asking(exchangePaths.call, 'in a session'))
    expect(Buffer.from(reply.body).toString()).toBe('in a session')
    await request(side.gateway.url + exchangePaths.call, { method: 'POST', body: 'alone' })
    expect(seen.map(({ binding }) => binding)).toEqual([link.channel.binding, link.channel.binding])
    expect(seen.map(({ source }) => source)).toEqual(['127.0.0.1', '127.0.0.1'])
    link.close('done')
  })

  it('says who has proven itself on which channel', async () => {
    await using side = await opened()
    const link = side.link(await side.dial())
    await link.send(asking(exchangePaths.hello))
    expect(side.proven).toEqual([])
    await link.send(asking(exchangePaths.proof))
    expect(side.proven.map(([peer]) => peer)).toEqual([alice.did])
    link.close('done')
  })

  it('ends a channel on which nobody proves itself in time, and keeps one on which somebody has', async () => {
    await using side = await opened()
    const [idle, used] = [side.link(await side.dial()), side.link(await side.dial())]
    await used.send(asking(exchangePaths.proof))
    await idle.send(asking(exchangePaths.hello))
    side.clock.advance(15_000)
    expect(await idle.closed).toContain('done')
    expect(await used.send(asking(exchangePaths.call))).toMatchObject({ status: 200 })
    used.close('done')
  })

  it('takes no more channels from one address than may be unproven, and others again when they have gone', async () => {
    await using side = await opened()
    const channels = await Promise.all(Array.from({ length: 32 }, () => side.dial()))
    await expect(side.dial()).rejects.toThrow('answered with 503')
    const [first, ...rest] = channels.map((channel) => side.link(channel))
    await first?.send(asking(exchangePaths.proof))
    rest.push(side.link(await side.dial()))
    for (const link of [first, ...rest]) link?.close('done')
  })

  it('reads no body that the path does not take, and none for a path that nobody answers', async () => {
    await using side = await opened()
    const channel = await side.dial()
    const heard: SessionFrame[] = []
    channel.onMessage((message) => heard.push(decodeSessionFrame(message) ?? { type: 'pong', id: 0 }))
    const begin = (id: number, path: string, length: number) =>
      encodeSessionFrame({
        ...{ type: 'request', id, method: 'POST', deadlineMs: 0, path },
        ...{ length, bytes: length === 0 ? NOTHING : Buffer.from('x') },
      })
    channel.send(begin(1, exchangePaths.hello, 65_537))
    channel.send(begin(3, '/nowhere', 1))
    await eventually(() => heard.map((frame) => frame.type === 'reply' && frame.status)).toEqual([400, 400])
    channel.close('done')
  })

  it.each([
    ['another path', '/hansa/v1/call', 'websocket'],
    ['another protocol', SESSION_PATH, 'h2c'],
  ])('answers an upgrade at or to %s as the request that it is', async (_what, path, upgrade) => {
    await using side = await opened(async ({ path: asked }) => Buffer.from(asked))
    const { body, statusCode } = await new Promise<{ body: string; statusCode: number }>((resolve, reject) => {
      import('node:http')
        .then(({ get }) => {
          const headers = { connection: 'upgrade', upgrade }
          get(side.gateway.url + path, { headers }, (response) => {
            let text = ''
            response.on('data', (chunk) => {
              text += String(chunk)
            })
            response.on('end', () => resolve({ body: text, statusCode: response.statusCode ?? 0 }))
          }).on('error', reject)
        })
        .catch(reject)
    })
    expect([statusCode, body]).toEqual([200, path])
  })

  it('answers what is under way before it closes, and takes nothing new', async () => {
    const gate = Promise.withResolvers<Uint8Array>()
    const reached = Promise.withResolvers<void>()
    const side = await opened(({ path }) => {
      if (path !== exchangePaths.call) return Promise.resolve(NOTHING)
      reached.resolve()
      return gate.promise
    })
    const link = side.link(await side.dial())
    await link.send(asking(exchangePaths.proof))
    const running = link.send(asking(exchangePaths.call))
    await reached.promise
    const closed = side.gateway.close()
    await link.shut
    await expect(link.send(asking(exchangePaths.call))).rejects.toThrow('ending')
    gate.resolve(Buffer.from('in the end'))
    expect(Buffer.from((await running).body).toString()).toBe('in the end')
    await closed
  })
})
