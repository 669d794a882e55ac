/** A node as a process whose calls wait for a person: what it says about that, and to whom. */
import { randomBytes } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import type { NodeProcess, NodeProcessInit } from '../harness/node-process.ts'
import type { ProcessMesh } from '../harness/process-mesh.ts'
import { allow } from '../harness/two-orgs.ts'

const module = `
const pay = { id: 'pay.send', safety: 'DESTRUCTIVE', obligations: ['human_approval'] }
export const capabilities = [{ definition: pay, handler: () => 'sent' }]
`

function office(mesh: ProcessMesh, { config = {}, files = {} }: NodeProcessInit = {}): Promise<NodeProcess> {
  return mesh.node('office', {
    config: { capabilities: [{ module: { path: 'pay.mjs' } }], ...config },
    policy: [allow('pay', 'agent:*', '*')],
    files: { 'pay.mjs': module, ...files },
  })
}

/** @returns the approval that the call waits for. */
async function asked({ client }: NodeProcess, args: unknown, principal = 'agent:ana'): Promise<string> {
  const refused = await client.invoke('pay.send', args, { principal }).then(
    () => ({}),
    (error: unknown) => (error as { detail: object }).detail,
  )
  expect(refused).toMatchObject({ code: 'approval_required', approvalId: expect.any(String) })
  return (refused as { approvalId: string }).approvalId
}

/** Lines of the structured log that say this. */
function said(node: NodeProcess, event: string): Record<string, unknown>[] {
  const lines = node
    .logText()
    .split('\n')
    .filter((line) => line.includes(`"event":"${event}"`))
  return lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))))
}

describe('a node as a process', { timeout: 120_000 }, () => {
  it('writes into its log that a request waits, and nothing of what it would do', async () => {
    await using mesh = await meshOfTest()
    const node = await office(mesh)
    const id = await asked(node, { pin: 'secret-4711' })
    await expect
      .poll(() => said(node, 'approval.waits'))
      .toMatchObject([
        { id, principal: 'agent:ana', capability: 'pay.send', call_id: expect.stringMatching(/^[\w-]{22}$/) },
      ])
    await node.client.operator.approve(id, 'person:olga')
    await node.stop()
    expect(said(node, 'approval.waits')).toHaveLength(1)
    expect(node.logText()).not.toContain('secret-4711')
  })

  it('tells a receiver of requests and decisions, and after a restart again of what still waits', async () => {
    await using receiver = await webhookReceiver()
    await using mesh = await meshOfTest()
    const node = await office(mesh, receiver.settings)
    const [first, second] = [await asked(node, { pin: 'secret-4711' }), await asked(node, { eur: 2 })]
    await node.client.operator.approve(first, 'person:olga', { reason: 'invoice' })
    await expect
      .poll(() => receiver.told().sort())
      .toEqual(
        [
          `approval.decided ${first} granted`,
          `approval.requested ${first} pending`,
          `approval.requested ${second} pending`,
        ].sort(),
      )
    const ids = receiver.ids()
    await node.kill()
    await node.start()
    await expect.poll(() => receiver.told().slice(3)).toEqual([`approval.requested ${second} pending`])
    // The same message again: a receiver that has it already can pass over it.
    expect(ids).toContain(receiver.ids().at(3))
    expect(JSON.stringify(receiver.bodies)).not.toMatch(/secret-4711|invoice/)
  })

  it('answers calls as ever while nobody takes what is told', async () => {
    await using receiver = await webhookReceiver(() => 503)
    await using mesh = await meshOfTest()
    const node = await office(mesh, receiver.settings)
    const id = await asked(node, { eur: 1 })
    await node.client.operator.approve(id, 'person:olga')
    const frame = await node.client.invoke('pay.send', { eur: 1 }, { principal: 'agent:ana', approval: id })
    expect(frame.value).toBe('sent')
    await expect.poll(() => said(node, 'webhook.failed').length).toBe(2)
    await node.stop()
  })

  it('does not start with a secret that others can read, and says what to do', async () => {
    await using receiver = await webhookReceiver()
    await using mesh = await meshOfTest()
    const node = await office(mesh, receiver.settings)
    await node.stop()
    await chmod(join(node.home, 'keys/webhook.secret'), 0o644)
    await expect(node.start()).rejects.toThrow(/webhook\.secret can be reached by others than its owner .*chmod 600/)
  })
})

/** Takes only what the library of receivers verifies. */
async function webhookReceiver(status: () => number = () => 204) {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const verifier = new Webhook(secret)
  const bodies: { type: string; data: { id: string; state: string } }[] = []
  const ids: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { headers } = request
      bodies.push(verifier.verify(Buffer.concat(chunks), headers as Record<string, string>) as (typeof bodies)[number])
      ids.push(String(headers['webhook-id']))
      response.writeHead(status()).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const settings: NodeProcessInit = {
    config: { approvals: { webhook: { url, secret_file: 'keys/webhook.secret' } } },
    files: { 'keys/webhook.secret': `${secret}\n` },
  }
  return {
    settings,
    bodies,
    ids: () => [...ids],
    told: () => bodies.map(({ type, data }) => `${type} ${data.id} ${data.state}`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
