import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseLocation } from '@hansa/storage'
import { describeOnBoth } from '@hansa/storage/testing'
import { alice, bob, mallory, NOW } from '@hansa/trust/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { manifestOf, manifests, refused, renewalOf, testRegistry, withdrawalOf } from './testing/test-registry.ts'

describeOnBoth('the life of a listing', (_open, { url }) => {
  it('is the same on every engine', async () => {
    await using registry = await testRegistry({ database: await url() })
    const [first, second] = [manifestOf(bob), manifestOf(bob, { seq: NOW + 5 })]
    expect((await registry.ask.register(first)).status).toBe(200)
    expect((await registry.ask.register(second)).status).toBe(200)
    expect(await registry.ask.register(first)).toEqual(refused(409, 'descriptor_mismatch'))
    expect((await registry.ask.renew(renewalOf(bob, { seq: NOW + 5 }))).status).toBe(200)
    expect(manifests(await registry.ask.list({ capability: 'files.read', tag: 'files' }))).toEqual([second])
    expect((await registry.ask.withdraw(withdrawalOf(bob, { seq: NOW + 6 }))).status).toBe(200)
    expect(await registry.ask.register(second)).toEqual(refused(409, 'descriptor_mismatch'))
    expect((await registry.ask.health()).body.listings).toBe(0)
    await registry.registry.tick()
    expect(registry.log.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('a registry that is started again', () => {
  let directory = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hansa-registry-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))
  const stored = () => ({ database: `sqlite:${join(directory, 'registry.sqlite')}` })

  it('still has what was listed, withdrawn and proven', async () => {
    const [hers, his] = [manifestOf(alice), manifestOf(bob)]
    {
      await using registry = await testRegistry(stored())
      for (const manifest of [hers, his, manifestOf(mallory)]) await registry.ask.register(manifest)
      await registry.ask.withdraw(withdrawalOf(bob))
      await registry.ask.register(manifestOf(mallory, { name: 'Org M' }))
    }
    await using registry = await testRegistry(stored())
    expect(await registry.ask.get(alice.did)).toEqual({ status: 200, body: { manifest: hers, expires: NOW + 90 } })
    expect(await registry.ask.register(his)).toEqual(refused(409, 'descriptor_mismatch'))
    expect(await registry.ask.register(manifestOf(alice, { seq: NOW - 1 }))).toEqual(
      refused(409, 'descriptor_mismatch'),
    )
    expect((await registry.registry.records.equivocation(mallory.did))?.firstManifest).toBe(manifestOf(mallory))
  })

  it('still refuses a heartbeat that it has seen', async () => {
    const beat = renewalOf(bob)
    {
      await using registry = await testRegistry(stored())
      await registry.ask.register(manifestOf(bob))
      expect((await registry.ask.renew(beat)).status).toBe(200)
    }
    await using registry = await testRegistry(stored())
    expect(await registry.ask.renew(beat)).toEqual(refused(400, 'invalid_request'))
  })

  it('names every reason why it cannot start, and leaves nothing open', async () => {
    await using registry = await testRegistry(stored())
    const port = Number(new URL(registry.registry.url).port)
    const attempt = testRegistry({ port, ...stored() })
    await expect(attempt).rejects.toMatchObject({
      detail: {
        code: 'registry_cannot_start',
        faults: [
          expect.stringMatching(new RegExp(`^127.0.0.1:${port} is in use: stop what listens there`)),
          expect.stringContaining(`${parseLocation(stored().database).display} is already open`),
        ],
      },
    })
    await registry.registry.close()
    await using again = await testRegistry({ port, ...stored() })
    expect((await again.ask.health()).status).toBe(200)
  })
})

describe('the sweep', () => {
  it('runs every five seconds by the clock, and says what it saw', async () => {
    await using registry = await testRegistry({ ttlSeconds: 5 })
    await registry.ask.register(manifestOf(bob))
    registry.clock.advance(5_000)
    await registry.registry.close()
    const fields = { unreachable: 1, dead: 0, forgotten: 0 }
    expect(registry.log).toContainEqual({ level: 'info', event: 'swept', fields })
  })

  it('says how many requests were turned away since the last, in one line', async () => {
    await using registry = await testRegistry({ writes: { burst: 1, perSecond: 1 } })
    await registry.ask.register(manifestOf(bob))
    for (let at = 0; at < 5; at += 1)
      expect(await registry.ask.renew(renewalOf(bob))).toEqual(refused(429, 'rate_limited'))
    await registry.registry.tick()
    expect(registry.log.filter(({ level }) => level === 'warn')).toEqual([
      { level: 'warn', event: 'rate_limited', fields: { requests: 5 } },
    ])
    registry.clock.advance(1000)
    expect((await registry.ask.renew(renewalOf(bob))).status).toBe(200)
  })
})
