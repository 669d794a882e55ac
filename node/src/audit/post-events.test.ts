import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import { postEvents } from './post-events.ts'

/** Answers each request with the next of the statuses, and with 200 when there are no more. */
async function collector(...statuses: number[]) {
  const seen: { headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
    response.writeHead(statuses.shift() ?? 200, { 'retry-after': '2' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs?key=secret`
  return { url, seen, [Symbol.dispose]: () => void server.close().closeAllConnections() }
}

/** A clock whose waiting is over at once, and how long it would have taken. */
function hasty() {
  const waited: number[] = []
  const clock = manualClock()
  const after = (ms: number, run: () => void) => {
    waited.push(ms)
    if (ms < 30_000) setImmediate(run)
    return () => {}
  }
  return { waited, clock: { ...clock, now: () => clock.now(), after } }
}

const contentType = 'application/x-ndjson'

describe(postEvents, () => {
  it('sends each document on a line of its own, with the headers that were given', async () => {
    using at = await collector()
    const { clock } = hasty()
    await postEvents([{ a: 1 }, { b: 2 }], { url: at.url, contentType, headers: { authorization: 'Bearer x' }, clock })
    expect(at.seen).toMatchObject([
      { body: '{"a":1}\n{"b":2}\n', headers: { authorization: 'Bearer x', 'content-type': contentType } },
    ])
  })

  it.each([408, 429, 502, 503, 504])('tries again after %i, when it is asked to', async (status) => {
    using at = await collector(status)
    const { clock, waited } = hasty()
    await postEvents([{}], { url: at.url, contentType, clock })
    expect(at.seen).toHaveLength(2)
    expect(waited).toContain(2_000)
  })

  it.each([400, 401, 404, 500])('gives up at %i, and does not repeat the credential of the URL', async (status) => {
    using at = await collector(status)
    const failure = await postEvents([{}], { url: at.url, contentType, clock: hasty().clock }).catch((error) => error)
    expect(failure).toMatchObject({ detail: { code: 'events_refused', status } })
    expect(String(failure)).not.toContain('secret')
    expect(at.seen).toHaveLength(1)
  })

  it('waits longer from attempt to attempt for one that cannot be reached, and then gives up', async () => {
    const { clock, waited } = hasty()
    const posted = postEvents([{}], { url: 'http://127.0.0.1:9/', contentType, clock, attempts: 4 })
    await expect(posted).rejects.toMatchObject({ detail: { code: 'events_refused', url: 'http://127.0.0.1:9' } })
    expect(waited).toEqual([1_000, 2_000, 4_000])
  })
})
