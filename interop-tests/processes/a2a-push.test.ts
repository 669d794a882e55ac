/** Webhooks of A2A tasks over `kill -9`: what a client was not told of before, it is told of after. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { freePort } from '../harness/free-port.ts'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import { hansa } from '../harness/node-process.ts'
import { allow } from '../harness/two-orgs.ts'

const module = `
export const capabilities = [{ definition: { id: 'ask', kind: 'task', safety: 'READ' }, handler: () => 'berth 7' }]
`

type Heard = { id: string; state?: string; artifact?: string }

/** A receiver that holds every request open until it is told to answer. */
async function receiver() {
  const heard: Heard[] = []
  let answering = false
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { statusUpdate, artifactUpdate } = JSON.parse(Buffer.concat(parts).toString()) as {
      statusUpdate?: { status: { state: string } }
      artifactUpdate?: { artifact: { parts: { text: string }[] } }
    }
    heard.push({
      id: String(request.headers['webhook-id']),
      ...(statusUpdate === undefined ? {} : { state: statusUpdate.status.state }),
      ...(artifactUpdate === undefined ? {} : { artifact: artifactUpdate.artifact.parts[0]?.text ?? '' }),
    })
    if (answering) response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => void server.close(resolve))
  }
  const answer = () => {
    answering = true
  }
  return { heard, url, answer, [Symbol.asyncDispose]: close }
}

it('a client hears how its task ended, though the node was killed before it could be told', async () => {
  await using mesh = await meshOfTest()
  await using hook = await receiver()
  const node = await mesh.prepare('node')
  const port = await freePort()
  await node.configure({
    config: {
      ...{ agents: { listen: `127.0.0.1:${port}` }, a2a: { default: 'ask' } },
      capabilities: [{ module: { path: 'desk.mjs' } }],
    },
    policy: [allow('all', 'agent:*', '*')],
    files: { 'desk.mjs': module },
  })
  await node.start()
  const credential = (await hansa('agent', 'add', 'ann', '--home', node.home)).trim()
  const sent = await fetch(`http://127.0.0.1:${port}/a2a/message:send`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credential}`, 'a2a-version': '1.0', 'content-type': 'application/json' },
    body: JSON.stringify({
      message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'where?' }] },
      configuration: { taskPushNotificationConfig: { url: hook.url } },
    }),
  })
  expect(await sent.json()).toMatchObject({ task: { status: { state: 'TASK_STATE_COMPLETED' } } })
  await expect.poll(() => hook.heard.length).toBe(1)
  await node.kill()
  hook.answer()
  await node.start()
  await expect.poll(() => hook.heard.length, { timeout: 20_000 }).toBe(4)
  const [before, ...after] = hook.heard
  expect(after[0]).toEqual(before)
  expect(after.map(({ state, artifact }) => state ?? artifact)).toEqual([
    ...['TASK_STATE_WORKING', 'berth 7', 'TASK_STATE_COMPLETED'],
  ])
  expect(new Set(after.map(({ id }) => id)).size).toBe(3)
})
