import type { LogFields } from '@hansa/protocols'
import { signManifest } from '@hansa/trust'
import { aManifest, bob, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { FakeRegistry } from '../testing/fake-registry.ts'
import { memoryFetch } from '../testing/memory-fetch.ts'
import { memoryNetwork } from '../testing/memory-network.ts'
import { clockAtNow } from '../testing/test-kernel.ts'
import { registryClient } from './registry-client.ts'
import { registryHeartbeat } from './registry-heartbeat.ts'

function beating() {
  const network = memoryNetwork()
  const registry = new FakeRegistry()
  network.attach('http://registry.test', registry)
  const client = registryClient({ fetch: memoryFetch(network, 'http://b.test'), baseUrl: 'http://registry.test' })
  const events: string[] = []
  const note = (event: string, _fields?: LogFields) => void events.push(event)
  const current = { signed: signManifest(bob, aManifest()) }
  const heartbeat = registryHeartbeat()({
    client,
    signer: bob,
    clock: clockAtNow(),
    manifest: () => current.signed,
    logger: { debug: note, info: note, warn: note, error: note },
  })
  const kinds = () => registry.posted.map((text) => text.split(' ')[0])
  return { registry, heartbeat, current, events, kinds }
}

describe(registryHeartbeat, () => {
  it('registers first and renews after that', async () => {
    const { heartbeat, kinds, registry } = beating()
    expect(await heartbeat.tick()).toEqual({ ok: true, did: 'registered', expires: registry.expires })
    expect(await heartbeat.tick()).toMatchObject({ ok: true, did: 'renewed' })
    expect(kinds()).toEqual(['register', 'renew'])
  })

  it('leaves room for one lost heartbeat', () => {
    expect(beating().heartbeat.intervalSeconds).toBe(30)
  })

  it('registers a new manifest at once', async () => {
    const { heartbeat, current, kinds } = beating()
    await heartbeat.tick()
    current.signed = signManifest(bob, aManifest({ seq: NOW + 1 }))
    expect(await heartbeat.tick()).toMatchObject({ did: 'registered' })
    expect(kinds()).toEqual(['register', 'register'])
  })

  it('registers again when the registry has lost the listing', async () => {
    const { heartbeat, registry } = beating()
    await heartbeat.tick()
    const { handle } = registry
    registry.handle = async (request) => {
      registry.handle = handle
      registry.refusal = 'not_found'
      const reply = await handle.call(registry, request)
      registry.refusal = undefined
      return reply
    }
    expect(await heartbeat.tick()).toMatchObject({ ok: true, did: 'registered' })
  })

  it('reports a loss once and its end once', async () => {
    const { heartbeat, registry, events } = beating()
    registry.refusal = 'busy'
    for (let n = 0; n < 3; n++) expect(await heartbeat.tick()).toMatchObject({ ok: false, code: 'busy' })
    registry.refusal = undefined
    for (let n = 0; n < 3; n++) await heartbeat.tick()
    expect(events).toEqual(['registry.failed', 'registry.restored'])
  })

  it('withdraws with a number above that of the manifest, and says which', async () => {
    const { heartbeat, kinds } = beating()
    expect(await heartbeat.withdraw()).toEqual({ ok: true })
    await heartbeat.tick()
    expect(await heartbeat.withdraw()).toEqual({ ok: true, seq: NOW + 1 })
    expect(await heartbeat.withdraw()).toEqual({ ok: true })
    expect(kinds()).toEqual(['register', 'withdraw'])
  })

  it('says that a withdrawal failed, so that it can be tried again', async () => {
    const { heartbeat, registry } = beating()
    await heartbeat.tick()
    registry.refusal = 'busy'
    expect(await heartbeat.withdraw()).toMatchObject({ ok: false, code: 'busy' })
    registry.refusal = undefined
    expect(await heartbeat.withdraw()).toMatchObject({ ok: true, seq: NOW + 1 })
  })
})
