import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { manualClock } from '@hansa/protocols/testing'
import { didKeyResolver } from '@hansa/trust'
import { alice, bob, carol, mallory, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { manifestOf, renewalOf, testRegistry, withdrawalOf } from '../testing/test-registry.ts'
import { takeEntry, takeManifest } from './take-from.ts'

const allowPrivate = ['127.0.0.1']

/** Until it is so: what travels between two processes takes as long as it takes. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await setImmediate()
}

type Registry = Awaited<ReturnType<typeof testRegistry>>
const stateOf = async ({ ask }: Registry, did: string) => (await ask.status(did)).body.state

describe('a registry that follows another', () => {
  it('has what is listed there, and what becomes of it', async () => {
    const clock = manualClock(NOW * 1000)
    await using first = await testRegistry({ ttlSeconds: 600 }, clock)
    await first.ask.register(manifestOf(alice))
    await using second = await testRegistry({ allowPrivate, replicateFrom: [first.registry.url] }, clock)
    await until(async () => (await stateOf(second, alice.did)) === 'alive')
    expect((await second.ask.get(alice.did)).body.manifest).toBe(manifestOf(alice))

    await first.ask.register(manifestOf(bob))
    await until(async () => (await stateOf(second, bob.did)) === 'alive')
    await first.ask.withdraw(withdrawalOf(bob))
    await until(async () => (await stateOf(second, bob.did)) === 'withdrawn')

    clock.advance(600_000)
    await first.registry.tick()
    await until(async () => (await stateOf(second, alice.did)) === 'unreachable')
    await first.ask.renew(renewalOf(alice, { iat: NOW + 600, exp: NOW + 1_200 }))
    await until(async () => (await stateOf(second, alice.did)) === 'alive')
    // The kernel comes here itself: from now on it is heard here, and what others say of it counts no more.
    expect((await second.ask.register(manifestOf(alice))).status).toBe(200)
  })

  it('and is followed by it, has nothing come back as news', async () => {
    const clock = manualClock(NOW * 1000)
    const port = await freePort()
    const life = { allowPrivate, ttlSeconds: 3_000 }
    await using first = await testRegistry({ ...life, replicateFrom: [`http://127.0.0.1:${port}`] }, clock)
    await using second = await testRegistry({ ...life, port, replicateFrom: [first.registry.url] }, clock)
    await first.ask.register(manifestOf(alice))
    await second.ask.register(manifestOf(bob))
    const both = async (registry: Registry) =>
      (await registry.ask.health()).body.listings === 2 && (await registry.registry.log.size()) === 2
    await until(async () => {
      clock.advance(1_000)
      return (await both(first)) && (await both(second))
    })
    const iat = Math.floor(clock.now() / 1000)
    expect((await second.ask.withdraw(withdrawalOf(bob, { iat, exp: iat + 600 }))).status).toBe(200)
    await until(async () => (await stateOf(first, bob.did)) === 'withdrawn')
    await first.ask.register(manifestOf(carol))
    await until(async () => (await stateOf(second, carol.did)) === 'alive')
    expect([await first.registry.log.size(), await second.registry.log.size()]).toEqual([4, 4])
  })
})

describe('what another registry says', () => {
  async function taking() {
    const registry = await testRegistry()
    const { records } = registry.registry
    const liveness = { deadAfterSeconds: 900 }
    const limits = { now: () => NOW, ttlSeconds: 90, maxKernels: 100, mayWrite: () => true, liveness }
    const components = { ...limits, resolver: didKeyResolver(), records }
    const source = 'https://other.example'
    const entry = (over: object) =>
      ({ v: 1, index: 0, kernel_id: bob.did, seq: NOW, hash: 'h', at: NOW, ...over }) as never
    return {
      registry,
      manifest: (jws: string) => takeManifest(components, source, jws),
      entry: (over: object, statement?: string) => takeEntry(components, source, entry(over), statement),
    }
  }

  it('is verified: mallory cannot list, renew or withdraw bob through it', async () => {
    const { registry, manifest, entry } = await taking()
    const [header, payload] = manifestOf(bob).split('.')
    const forged = `${header}.${payload}.${manifestOf(mallory).split('.')[2]}`
    expect(await manifest(forged)).toMatchObject({ ok: false })
    await registry.ask.register(manifestOf(bob))
    const by = (make: typeof withdrawalOf) => make(mallory, { kernel_id: bob.did })
    expect(await entry({ event: 'withdrawn' }, by(withdrawalOf))).toMatchObject({ ok: false })
    expect(await entry({ event: 'withdrawn' })).toMatchObject({ ok: false })
    expect(await entry({ event: 'renewed' }, renewalOf(mallory, { kernel_id: bob.did }))).toMatchObject({ ok: false })
    expect(await stateOf(registry, bob.did)).toBe('alive')
    await registry.registry.close()
  })

  it('that it does not hear a kernel is nothing to one that does', async () => {
    const { registry, entry } = await taking()
    await registry.ask.register(manifestOf(bob))
    for (const event of ['unreachable', 'dead']) expect(await entry({ event })).toEqual({ ok: true, news: false })
    expect(await stateOf(registry, bob.did)).toBe('alive')
    await registry.registry.close()
  })

  it('brings nobody back: a number that is known here is no news, whatever became of it', async () => {
    const { registry, manifest, entry } = await taking()
    expect(await manifest(manifestOf(bob))).toEqual({ ok: true, news: true })
    expect(await entry({ event: 'dead' })).toEqual({ ok: true, news: true })
    expect(await manifest(manifestOf(bob))).toEqual({ ok: true, news: false })
    expect(await stateOf(registry, bob.did)).toBe('dead')
    expect(await manifest(manifestOf(bob, { seq: NOW + 1 }))).toEqual({ ok: true, news: true })
    expect(await stateOf(registry, bob.did)).toBe('alive')
    await registry.registry.close()
  })

  it('under a number that has another manifest here is a conflict, and not taken', async () => {
    const { registry, manifest } = await taking()
    await registry.ask.register(manifestOf(bob))
    const other = manifestOf(bob, { name: 'another' })
    expect(await manifest(other)).toMatchObject({ ok: false, reason: 'discovery_conflict' })
    expect((await registry.ask.get(bob.did)).body.manifest).toBe(manifestOf(bob))
    await registry.registry.close()
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
