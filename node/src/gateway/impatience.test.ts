/** Mallory floods a gateway over real sockets, on a clock that the test holds: what is read of hers, and what of others'. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { exchangePaths, httpStatus, type LogFields, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import { type HttpGateway, httpGateway } from './http-gateway.ts'

const { manifest, call } = exchangePaths

const REQUEST = `POST ${call} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx`

/** Refuses everything but the manifest. */
async function opened(advertised = (url: string) => url) {
  const clock = manualClock()
  const lines: [string, LogFields | undefined][] = []
  const logger = { ...silentLogger, warn: (event: string, fields?: LogFields) => void lines.push([event, fields]) }
  const gateway: HttpGateway = await httpGateway(
    { host: '127.0.0.1', port: 0 },
    { clock, logger, advertised: (url) => ({ url: advertised(url) }) },
  )
  let asked = 0
  gateway.attach({
    handle: async ({ path }) => {
      asked += 1
      const [status, text] = path === manifest ? [200, 'here'] : [httpStatus.handshake_failed, 'refused']
      return { status, contentType: 'text/plain', body: Buffer.from(text) }
    },
  })
  const sockets: Socket[] = []
  /** @returns a connection that asks one thing after the other. */
  const caller = async () => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    sockets.push(socket)
    const end = new Promise<void>((ended) => void socket.on('close', () => ended()))
    socket.on('error', () => {})
    await Promise.race([once(socket, 'connect').catch(() => {}), end])
    let answers = 0
    const waiting = new Map<number, () => void>()
    socket.on('data', (data) => {
      for (const _ of data.toString('latin1').matchAll(/HTTP\/1\.1 /g)) waiting.get(++answers)?.()
    })
    const ask = (path = call, headers: readonly string[] = []) =>
      void socket.write(
        `POST ${path} HTTP/1.1\r\n${['host: x', 'content-length: 1', ...headers].join('\r\n')}\r\n\r\nx`,
      )
    const get = () => void socket.write(`GET ${manifest} HTTP/1.1\r\nhost: x\r\n\r\n`)
    const answered = (count: number) =>
      answers >= count ? Promise.resolve() : new Promise<void>((resolve) => void waiting.set(count, resolve))
    /** Asks until nothing more is read. */
    const flood = async (count: number, headers: readonly string[] = []) => {
      for (let n = answers + 1, last = answers + count; n <= last; n++) {
        ask(call, headers)
        await answered(n)
      }
    }
    return { socket, end, ask, get, flood, answered, answers: () => answers }
  }
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await gateway.close()
  }
  return { ...{ clock, gateway, lines, caller, asked: () => asked }, [Symbol.asyncDispose]: close }
}

describe('a connection over which mallory floods', () => {
  it('is not read from any more until she has waited, each time twice as long, while others are answered', async () => {
    await using side = await opened()
    const [mallory, alice] = [await side.caller(), await side.caller()]
    await mallory.flood(97)
    mallory.ask()
    for (let n = 1; n <= 20; n++) {
      alice.get()
      await alice.answered(n)
    }
    expect([side.asked(), mallory.answers()]).toEqual([117, 97])
    side.clock.advance(250)
    await mallory.answered(98)
    mallory.ask()
    side.clock.advance(250)
    alice.get()
    await alice.answered(21)
    expect([side.asked(), mallory.answers()]).toEqual([119, 98])
    side.clock.advance(250)
    await mallory.answered(99)
  })

  it('is read so much the less, the more bytes each request has', async () => {
    await using side = await opened()
    const mallory = await side.caller()
    const body = 'x'.repeat(160_000)
    for (let n = 1; n <= 12; n++) {
      mallory.socket.write(`POST ${call} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      if (n <= 10) await mallory.answered(n)
    }
    const alice = await side.caller()
    alice.get()
    await alice.answered(1)
    expect(mallory.answers()).toBeLessThan(12)
  })

  it('is closed when she does not wait for answers', async () => {
    await using side = await opened()
    const mallory = await side.caller()
    mallory.socket.write(REQUEST.repeat(400))
    await mallory.end
    expect(side.asked()).toBeLessThan(17)
  })

  it('is closed when she has waited, and has sent on meanwhile', async () => {
    await using side = await opened()
    const mallory = await side.caller()
    await mallory.flood(97)
    mallory.socket.write(REQUEST.repeat(20))
    const alice = await side.caller()
    alice.get()
    await alice.answered(1)
    side.clock.advance(250)
    await mallory.end
    expect(side.asked()).toBe(99)
  })

  it('waits for nobody whose requests are served, however many there are', async () => {
    await using side = await opened()
    const alice = await side.caller()
    for (let n = 1; n <= 300; n++) {
      alice.get()
      await alice.answered(n)
    }
  })

  it('is read from all the same where a proxy stands in front, which others come through too', async () => {
    await using behindTls = await opened(() => 'https://kernel.example')
    await (await behindTls.caller()).flood(200)
    await using forwarded = await opened()
    await (await forwarded.caller()).flood(200, ['x-forwarded-for: 203.0.113.7'])
  })
})

describe('an address from which mallory floods over one connection after the other', () => {
  /** Uses up what the address has. */
  async function spent(side: Awaited<ReturnType<typeof opened>>) {
    for (let n = 0; n < 5; n++) await (await side.caller()).flood(96)
    await (await side.caller()).flood(34)
  }

  it('has each new one read only after a wait, is said once, and keeps what is open', async () => {
    await using side = await opened()
    const alice = await side.caller()
    await spent(side)
    expect(side.lines).toEqual([['gateway.slowed', { source: '127.0.0.1' }]])
    const asked = side.asked()
    const mallory = await side.caller()
    mallory.ask()
    alice.get()
    await alice.answered(1)
    expect([mallory.answers(), side.asked()]).toEqual([0, asked + 1])
    // Again, where the gateway has not seen the connection yet.
    const waited = () => {
      side.clock.advance(1_000)
      return mallory.answers()
    }
    await expect.poll(waited, { timeout: 20_000 }).toBe(1)
    expect(side.lines).toHaveLength(1)
  })

  it('has them read one after the other, and those that would wait too long closed unread, after a wait', async () => {
    await using side = await opened()
    await spent(side)
    const asked = side.asked()
    const waiting: Awaited<ReturnType<typeof side.caller>>[] = []
    for (let n = 0; n < 18; n++) {
      const one = await side.caller()
      one.get()
      waiting.push(one)
    }
    // The next one is closed at once only when many are turned away already: so the gateway has seen all of them.
    const more: Promise<void>[] = []
    for (let n = 0; n < 255; n++) more.push((await side.caller()).end)
    await Promise.race(more)
    expect(side.asked()).toBe(asked)
    side.clock.advance(1_000)
    await Promise.all(waiting.slice(0, 4).map((one) => one.answered(1)))
    expect(side.asked()).toBe(asked + 4)
    side.clock.advance(3_000)
    await Promise.all(waiting.slice(0, 16).map((one) => one.answered(1)))
    await Promise.all(waiting.slice(16).map(({ end }) => end))
    expect(side.asked()).toBe(asked + 16)
  })

  it('is as good as any other after a minute of peace', async () => {
    await using side = await opened()
    await spent(side)
    side.clock.advance(120_000)
    const alice = await side.caller()
    alice.get()
    await alice.answered(1)
  })
})
