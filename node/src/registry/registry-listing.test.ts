import { setImmediate } from 'node:timers/promises'
import type { Fetched, GuardedFetch } from '@hansa/mesh'
import { registryRoutes, silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { signManifest } from '@hansa/trust'
import { aManifest, bob, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { registryListing } from './registry-listing.ts'

const { register, renew, withdraw } = registryRoutes

function registry() {
  const asked: string[] = []
  const state = { reachable: true }
  const fetch: GuardedFetch = {
    get: async () => ({ ok: false, code: 'unreachable', reason: 'nobody asks' }),
    getOverAnyCertificate: async () => ({ ok: false, code: 'unreachable', reason: 'nobody asks' }),
    async post(url): Promise<Fetched> {
      asked.push(new URL(url).pathname)
      if (!state.reachable) return { ok: false, code: 'unreachable', reason: 'it is gone' }
      const body = Buffer.from(JSON.stringify({ kernel_id: bob.did, seq: NOW, expires: NOW + 90 }))
      return { ok: true, status: 200, contentType: 'application/json', body }
    },
  }
  return { asked, state, fetch }
}

async function listed(over: { reachable?: boolean } = {}) {
  const clock = manualClock(NOW * 1000)
  const warnings: string[] = []
  const logger = { ...silentLogger, warn: (event: string, _fields?: object) => void warnings.push(event) }
  const { asked, state, fetch } = registry()
  Object.assign(state, over)
  const signed = signManifest(bob, aManifest())
  const components = { clock, logger, fetch, signer: bob, manifest: () => signed }
  const listing = await registryListing({ url: 'https://registry.example/' }, components)
  return { clock, warnings, asked, state, listing }
}

/** Until what was begun has come as far as it can without time passing. */
async function settled(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

/** Ends a listing that has to wait for the next second. */
async function end(listing: AsyncDisposable, clock: ManualClock, asked: readonly string[]): Promise<void> {
  const ending = listing[Symbol.asyncDispose]()
  await settled(() => asked.includes(withdraw.path) && clock.waiting === 1)
  clock.advance(2_000)
  await ending
}

describe(registryListing, () => {
  it('registers at once, renews while time passes, and withdraws at the end', async () => {
    const { clock, asked, listing } = await listed()
    expect(asked).toEqual([register.path])
    clock.advance(30_000)
    await settled(() => asked.length === 2 && clock.waiting === 1)
    clock.advance(30_000)
    await settled(() => asked.length === 3 && clock.waiting === 1)
    await end(listing, clock, asked)
    expect(asked).toEqual([register.path, renew.path, renew.path, withdraw.path])
    clock.advance(600_000)
    expect(asked).toHaveLength(4)
  })

  it('does not end within the second of its withdrawal, whose number the next start has to exceed', async () => {
    const { clock, asked, listing } = await listed()
    let ended = false
    const ending = listing[Symbol.asyncDispose]().then(() => {
      ended = true
    })
    await settled(() => asked.includes(withdraw.path) && clock.waiting === 1)
    // The manifest took this second, so the withdrawal took the next one.
    clock.advance(1_999)
    await setImmediate()
    expect(ended).toBe(false)
    clock.advance(1)
    await ending
  })

  it('starts without a registry, says so once, and lists itself when there is one', async () => {
    const { clock, warnings, asked, state, listing } = await listed({ reachable: false })
    clock.advance(30_000)
    await settled(() => asked.length === 2 && clock.waiting === 1)
    expect(warnings).toEqual(['registry.failed'])
    state.reachable = true
    clock.advance(30_000)
    await settled(() => asked.length === 3 && clock.waiting === 1)
    expect(asked).toEqual([register.path, register.path, register.path])
    await end(listing, clock, asked)
  })

  it('ends without a withdrawal when it was never listed', async () => {
    const { asked, listing } = await listed({ reachable: false })
    await listing[Symbol.asyncDispose]()
    expect(asked).toEqual([register.path])
  })
})
