/** The webhook over real sockets: what a receiver gets, and where mallory cannot lead it. */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AllowPrivate } from '@hansa/mesh'
import { type Approval, type ApprovalEvent, silentLogger } from '@hansa/protocols'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../system-clock.ts'
import { approvalWebhook, webhookFetch } from './approval-webhook.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const secret = randomBytes(32)
const verifier = new Webhook(`whsec_${secret.toString('base64')}`)

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]()
})

type Received = { headers: IncomingHttpHeaders; body: string }

/** @param answer what is done besides remembering. */
async function receiver(answer: RequestListener = (_request, response) => void response.writeHead(204).end()) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/t0ken` }
}

const approval: Approval = {
  id: ID,
  state: 'pending',
  principal: 'agent:ana',
  capability: 'pay.send',
  callId: ID,
  action: 'A'.repeat(43),
  args: '{"pin":"secret-4711"}',
  requested: 10,
  // Still worth telling by the clock of this machine.
  expires: 4_000_000_000,
}

/** Tells one request. @returns what is observed and logged. */
function told(url: string, { allow = ['127.0.0.0/8'] as AllowPrivate, includeArguments = false } = {}) {
  const [outcomes, lines] = [[] as string[], [] as unknown[]]
  const note = (event: string, fields?: object) => void lines.push([event, fields])
  async function* watchApprovals(signal?: AbortSignal): AsyncGenerator<ApprovalEvent> {
    yield { type: 'requested', at: 10, approval }
    await new Promise((resolve) => signal?.addEventListener('abort', resolve))
  }
  const webhook = approvalWebhook(
    { url, secretFile: '', includeArguments, secrets: [secret] },
    {
      kernel: { did: 'did:key:z6Mk', watchApprovals },
      fetch: webhookFetch(url, { allowPrivate: allow }),
      clock: systemClock,
      logger: { ...silentLogger, warn: note, error: note },
      observe: (type, outcome) => void outcomes.push(`${type} ${outcome}`),
    },
  )
  open.unshift(webhook)
  return { outcomes, lines }
}

describe(approvalWebhook, () => {
  it('posts JSON that the library of receivers verifies, without arguments', async () => {
    const { received, url } = await receiver()
    const { outcomes } = told(url)
    await expect.poll(() => outcomes).toEqual(['approval.requested delivered'])
    const [{ headers, body } = { headers: {}, body: '' }] = received
    expect(headers['content-type']).toBe('application/json')
    const verified = verifier.verify(body, headers as Record<string, string>)
    expect(verified).toMatchObject({ type: 'approval.requested', data: { id: ID, capability: 'pay.send' } })
    expect(body).not.toContain('secret-4711')
  })

  it('tells arguments where the operator says so', async () => {
    const { received, url } = await receiver()
    told(url, { includeArguments: true })
    await expect.poll(() => received.length).toBe(1)
    expect(JSON.parse(received[0]?.body ?? '').data.arguments).toBe(approval.args)
  })

  it.each([301, 302, 307, 308])('follows no redirect that mallory answers with (%i)', async (status) => {
    const elsewhere = await receiver()
    const { url } = await receiver((_request, response) => {
      response.writeHead(status, { location: elsewhere.url }).end()
    })
    const { outcomes, lines } = told(url)
    await expect.poll(() => outcomes).toEqual(['approval.requested retried'])
    expect(elsewhere.received).toEqual([])
    expect(lines).toMatchObject([['webhook.failed', { reason: expect.stringContaining('redirect') }]])
  })

  it('sends nothing to an address that the operator has not allowed', async () => {
    const { received, url } = await receiver()
    for (const each of [url, url.replace('127.0.0.1', 'localhost')]) {
      const { outcomes, lines } = told(each, { allow: false })
      await expect.poll(() => outcomes).toEqual(['approval.requested retried'])
      expect(lines).toMatchObject([['webhook.failed', { reason: expect.stringContaining('not allowed') }]])
    }
    expect(received).toEqual([])
  })

  it('writes neither the path of the URL nor the body into the log', async () => {
    const { url } = await receiver((_request, response) => void response.writeHead(500).end('secret-4711'))
    const { outcomes, lines } = told(url, { includeArguments: true })
    await expect.poll(() => outcomes).toEqual(['approval.requested retried'])
    expect(JSON.stringify(lines)).not.toMatch(/t0ken|4711/)
  })
})
