import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, it } from 'vitest'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import type { NodeProcess } from '../harness/node-process.ts'
import { allow } from '../harness/two-orgs.ts'

const greeting = (name: string) => `
export const capabilities = [{ definition: { id: 'greet', safety: 'READ' }, handler: () => 'hello from ${name}' }]
`

async function present(token: string, node: NodeProcess): Promise<{ status: number; body: unknown }> {
  const { statusCode, body } = await request(`${node.endpoint}/hansa/v1/invoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Hansa ${token}` },
    body: JSON.stringify({ capability: 'greet', args: {} }),
  })
  return { status: statusCode, body: await body.json() }
}

it('a token is good at the node that minted it and nowhere else, though both have the same secret', async () => {
  await using mesh = await meshOfTest()
  const [orga, orgb] = [await mesh.prepare('orga'), await mesh.prepare('orgb')]
  const secret = await readFile(join(orga.home, 'keys/token.secret'), 'utf8')
  for (const node of [orga, orgb]) {
    await node.configure({
      config: { capabilities: [{ module: { path: 'greet.mjs' } }] },
      policy: [allow('all', 'agent:*', '*')],
      files: { 'greet.mjs': greeting(node.name), 'keys/token.secret': secret },
    })
    await node.start()
  }
  const grant = async (node: NodeProcess) =>
    (await node.client.operator.grant({ principal: 'agent:clerk', capability: 'greet', uses: 2 })).token
  const [ofA, ofB] = [await grant(orga), await grant(orgb)]

  expect(await present(ofA, orgb)).toEqual({ status: 401, body: expect.objectContaining({ code: 'token_rejected' }) })
  expect(await present(ofB, orga)).toEqual({ status: 401, body: expect.objectContaining({ code: 'token_rejected' }) })
  expect(await present(ofA, orga)).toMatchObject({ status: 200, body: { value: 'hello from orga' } })
  expect(await present(ofB, orgb)).toMatchObject({ status: 200, body: { value: 'hello from orgb' } })
})
