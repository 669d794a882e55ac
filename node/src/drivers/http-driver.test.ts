import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent } from 'undici'
import { afterAll, describe, expect, it } from 'vitest'
import { BACKEND_SECRET, type DriverFixture, describeDriver, driverCall } from '../testing/describe-driver.ts'
import { httpDriver } from './http-driver.ts'
import type { HttpOperation } from './http-operation.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

async function backend(answer: Answer) {
  const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
    answer(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const dispatcher = new Agent()
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dispatcher,
    seen,
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}) => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(value))
}

describeDriver('httpDriver', async (): Promise<DriverFixture> => {
  const reached = Promise.withResolvers<void>()
  const cancelled = Promise.withResolvers<void>()
  const server = await backend((request, response, body) => {
    const { text } = body === '' ? { text: '' } : (JSON.parse(body) as { text: string })
    switch (request.url) {
      case '/data':
        return json(response, { text })
      case '/text':
        return void response.end(text)
      case '/fail':
        return void response.writeHead(500).end(BACKEND_SECRET)
      case '/slow':
        response.once('close', () => cancelled.resolve())
        return reached.resolve()
      default:
        return void response.end(Buffer.from([0xff, 0xfe]))
    }
  })
  const to = (path: string, structured: boolean) =>
    httpDriver({ operation: { method: 'POST', url: server.origin + path, body: ['text'] }, structured })(server)
  return {
    data: to('/data', true),
    text: to('/text', false),
    failing: to('/fail', false),
    unusable: to('/binary', false),
    slow: to('/slow', true),
    slowReached: () => reached.promise,
    slowCancelled: () => cancelled.promise,
    asked: async () => server.seen.length,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
})

describe(httpDriver, () => {
  const dispatcher = new Agent()
  afterAll(() => dispatcher.destroy())

  async function answered(
    answer: Answer,
    over: { structured?: boolean; maxBytes?: number; operation?: Partial<HttpOperation> } = {},
  ) {
    await using server = await backend(answer)
    const { structured = true, maxBytes, operation } = over
    const driver = httpDriver({
      operation: { method: 'GET', url: `${server.origin}/x`, ...operation },
      structured,
      ...(maxBytes !== undefined && { maxBytes }),
    })(server)
    const outcome = await driver.invoke(driverCall({})).catch((error: unknown) => error)
    return { outcome, seen: server.seen }
  }

  it('sends the fixed headers, asks for no compression, and nothing of the caller', async () => {
    const operation = { headers: { Authorization: 'Bearer backend-secret' } }
    const { seen } = await answered((_request, response) => json(response, 1), { operation })
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer backend-secret', 'accept-encoding': 'identity' })
    expect(JSON.stringify(seen[0]?.headers)).not.toContain('alice')
  })

  it('keeps the body of a failure to itself', async () => {
    const { outcome } = await answered((_request, response) => void response.writeHead(503).end(BACKEND_SECRET))
    expect(outcome).toMatchObject({ detail: { code: 'backend_failed', status: 503, began: true } })
    expect(String(outcome) + JSON.stringify(outcome)).not.toContain('hunter2')
  })

  it('follows no redirect', async () => {
    const { outcome, seen } = await answered((request, response) => {
      if (request.url === '/x') response.writeHead(302, { location: '/elsewhere' }).end()
      else json(response, 'followed')
    })
    expect(outcome).toMatchObject({ detail: { code: 'backend_failed', status: 302 } })
    expect(seen.map(({ url }) => url)).toEqual(['/x'])
  })

  it('reads no more than the bound', async () => {
    const large: Answer = (_request, response) => json(response, 'x'.repeat(100))
    expect((await answered(large, { maxBytes: 101 })).outcome).toMatchObject({ detail: { code: 'answer_too_large' } })
    expect((await answered(large, { maxBytes: 102 })).outcome).toMatchObject({ kind: 'data' })
  })

  it.each([
    ['that is not JSON', 'plain', {}],
    ['that names a member twice', '{"a":1,"a":2}', {}],
    ['that reaches for a prototype', '{"__proto__":{"admin":true}}', {}],
    ['that is compressed though nobody asked', '{}', { 'content-encoding': 'gzip' }],
  ])('refuses an answer %s', async (_what, body, headers) => {
    const { outcome } = await answered((_request, response) => void response.writeHead(200, headers).end(body))
    expect(outcome).toMatchObject({ detail: { code: 'answer_unusable', began: true } })
  })

  it('takes an empty answer as null', async () => {
    const { outcome } = await answered((_request, response) => void response.writeHead(204).end())
    expect(outcome).toEqual({ kind: 'data', value: null })
  })

  it('knows that nothing began when nobody listens', async () => {
    const server = await backend(() => {})
    await server[Symbol.asyncDispose]()
    const driver = httpDriver({ operation: { method: 'GET', url: server.origin }, structured: true })({ dispatcher })
    await expect(driver.invoke(driverCall({}))).rejects.toMatchObject({
      detail: { code: 'backend_gone', began: false },
    })
  })

  it('does not know whether it happened when the connection breaks', async () => {
    const { outcome } = await answered((request) => void request.socket.destroy())
    expect(outcome).toMatchObject({ detail: { code: 'backend_gone', began: true } })
  })

  it('refuses a faulty operation when it is made, not when it is called', () => {
    expect(() => httpDriver({ operation: { method: 'GET', url: 'nowhere' }, structured: true })).toThrow(
      /arguments_unusable/,
    )
  })
})
