import { registryOpenApi, registryRoutes, registryStreams } from '@hansa/protocols'
import { bob, NOW } from '@hansa/trust/testing'
import { request } from 'undici'
import { expect, it } from 'vitest'
import { manifestOf, refused, renewalOf, testRegistry } from '../testing/test-registry.ts'

it('the figures say what is listed, and what was answered', async () => {
  await using registry = await testRegistry()
  await registry.ask.register(manifestOf(bob))
  await registry.ask.get('did:key:zNobody')
  const { body, headers } = await request(`${registry.registry.url}${registryStreams.metrics.path}`)
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  const text = await body.text()
  expect(text).toContain('\nhansa_registry_listings 1\n')
  expect(text).toContain('\nhansa_registry_log_entries 1\n')
  expect(text).toContain('hansa_registry_requests_total{route="register",code="ok"} 1')
  expect(text).toContain('hansa_registry_requests_total{route="get",code="not_found"} 1')
})

it('the OpenAPI document names every route, and is what is served', async () => {
  await using registry = await testRegistry()
  const { body } = await request(`${registry.registry.url}${registryStreams.openapi.path}`)
  const document = (await body.json()) as { paths: Record<string, Record<string, { operationId: string }>> }
  expect(document).toEqual(JSON.parse(JSON.stringify(registryOpenApi())))
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
  expect(ids.toSorted()).toEqual([...Object.keys(registryRoutes), ...Object.keys(registryStreams)].toSorted())
})

it('is ready when its database answers', async () => {
  await using registry = await testRegistry()
  expect(await registry.ask.send('GET', registryRoutes.ready.path)).toEqual({
    status: 200,
    body: { status: 'ready', entries: 0 },
  })
})

it('a kernel has its share of writes, whatever addresses they come from', async () => {
  await using registry = await testRegistry({ kernelWrites: { burst: 2, perSecond: 1 } })
  expect((await registry.ask.register(manifestOf(bob))).status).toBe(200)
  expect((await registry.ask.renew(renewalOf(bob))).status).toBe(200)
  expect(await registry.ask.register(manifestOf(bob, { seq: NOW + 1 }))).toEqual(refused(429, 'rate_limited'))
  registry.clock.advance(1_000)
  expect((await registry.ask.register(manifestOf(bob, { seq: NOW + 1 }))).status).toBe(200)
})
