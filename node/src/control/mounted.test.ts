/** Who gets as far as another protocol on the listeners of a node. */
import { request } from 'node:http'
import { silentLogger } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { fakeNode } from '../testing/fake-node.ts'
import type { Mount, Visit } from './mount.ts'

type Got = { status: number; text: string; challenge: string | undefined }

async function mounted() {
  const visits: Visit[] = []
  const mount: Mount = {
    names: ['mcp.example'],
    covers: (path) => path.startsWith('/other'),
    isPublic: (path) => path === '/other/metadata',
    challenge: (base) => `Bearer resource_metadata="${base}/other/metadata"`,
    async handle(_request, response, visit) {
      visits.push(visit)
      response.end(visit.principal)
    },
  }
  const node = await fakeNode(
    () => ({ kind: 'agents_loopback', port: 0 }),
    silentLogger,
    () => [mount],
  )
  const { credential } = await node.kernel.addAgent({ name: 'alice' })
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<Got>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: new URL(node.url).port, path, method, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        const challenge = response.headers['www-authenticate']
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text, challenge }))
      })
      sent.on('error', reject).end()
    })
  return { node, visits, ask, bearer: { authorization: `Bearer ${credential}` } }
}

describe('another protocol on the listener of agents', () => {
  it('is asked as the agent of the credential, with any method and query', async () => {
    const { node, visits, ask, bearer } = await mounted()
    await using _node = node
    expect(await ask('/other?x=1', bearer)).toMatchObject({ status: 200, text: 'agent:alice' })
    expect(await ask('/other/deep', bearer, 'DELETE')).toMatchObject({ status: 200 })
    expect(visits.map(({ path }) => path)).toEqual(['/other', '/other/deep'])
    expect(visits[0]).toMatchObject({ base: node.url, caller: { scope: 'agent', agent: { name: 'alice' } } })
  })

  it('is not reached without one, and says in its own words what is lacking', async () => {
    const { node, visits, ask } = await mounted()
    await using _node = node
    for (const headers of [{}, { authorization: 'Bearer hansa_agent_x' }]) {
      const challenge = `Bearer resource_metadata="${node.url}/other/metadata"`
      expect(await ask('/other', headers)).toMatchObject({ status: 401, challenge })
    }
    expect(visits).toEqual([])
  })

  it('tells whoever asks what it calls public, and nothing beside it', async () => {
    const { node, visits, ask } = await mounted()
    await using _node = node
    expect(await ask('/other/metadata')).toMatchObject({ status: 200 })
    expect(visits[0]?.caller).toBeUndefined()
    expect(await ask('/other/metadata2')).toMatchObject({ status: 401 })
  })

  it.each([
    ['a host that was rebound to this machine', { host: 'evil.example' }],
    ['a host that only begins like one of its own', { host: 'mcp.example.evil.example' }],
    ['a page from elsewhere', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
  ])('is not reached by mallory from %s, whatever is shown', async (_from, headers) => {
    const { node, visits, ask, bearer } = await mounted()
    await using _node = node
    for (const path of ['/other', '/other/metadata'])
      expect(await ask(path, { ...bearer, ...headers })).toMatchObject({ status: 403 })
    expect(visits).toEqual([])
  })

  it.each([
    ['its own name', { host: 'mcp.example:8443' }],
    ['a page of its own name', { origin: 'https://mcp.example' }],
    ['a page of this machine', { origin: 'http://localhost:3000' }],
  ])('is reached from %s, while the control interface is not', async (_from, headers) => {
    const { node, ask, bearer } = await mounted()
    await using _node = node
    expect(await ask('/other', { ...bearer, ...headers })).toMatchObject({ status: 200 })
    expect(await ask('/control/v1/whoami', { ...bearer, ...headers }, 'POST')).toMatchObject({ status: 403 })
  })
})
