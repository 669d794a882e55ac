import { setImmediate } from 'node:timers/promises'
import type { RegistryClient, RegistryMemory } from '@hansa/mesh'
import { type ListingStatus, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { signManifest } from '@hansa/trust'
import { aManifest, bob, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import type { RegistryFaultFound } from './kernel-registries.ts'
import { watchListing } from './listing-watch.ts'

const own = signManifest(bob, aManifest())
const url = 'https://registry.test'

function watched(random = 0.5) {
  const clock = manualClock(NOW * 1000)
  const reports: RegistryFaultFound[] = []
  const infos: string[] = []
  const state = { status: {} as Partial<ListingStatus>, reachable: true, asked: 0 }
  const away = { ok: false, code: 'remote_refused', reason: 'it is away' } as const
  const client = {
    status: async () => {
      state.asked += 1
      const { hash } = own
      const listed = { kernel_id: bob.did, state: 'alive', seq: NOW, hash, since: NOW, equivocated: false } as const
      return state.reachable ? { ok: true, value: { ...listed, ...state.status } } : away
    },
  } as unknown as RegistryClient
  // A registry without a log: what is said of logs is tested where they are judged.
  const memory = { advance: async () => away, head: async () => undefined } as unknown as RegistryMemory
  const logger = { ...silentLogger, info: (event: string) => void infos.push(event) } as typeof silentLogger
  const watch = watchListing(
    { url },
    {
      client,
      memory,
      clock,
      logger,
      manifest: async () => own,
      report: (found) => void reports.push(found),
      random: () => random,
    },
  )
  const pass = async (ms: number) => {
    const before = state.asked
    clock.advance(ms)
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    return state.asked - before
  }
  return { clock, reports, infos, state, watch, pass }
}

describe(watchListing, () => {
  it.each([
    [0, 540_000],
    [1, 660_000],
  ])('looks every ten minutes, more or less: with %d after %d ms', async (random, ms) => {
    const { pass, watch } = watched(random)
    expect(await pass(ms - 1)).toBe(0)
    expect(await pass(1)).toBe(1)
    expect(await pass(ms)).toBe(1)
    await watch[Symbol.asyncDispose]()
    expect(await pass(10 * ms)).toBe(0)
  })

  it('says once that a registry shows another manifest of this node, and when that is over', async () => {
    const { reports, infos, state, pass, watch } = watched()
    await pass(600_000)
    expect(reports).toEqual([])
    state.status = { seq: NOW + 1 }
    await pass(600_000)
    expect(reports).toEqual([])
    await pass(90_000)
    await pass(600_000)
    expect(reports).toEqual([{ url, kind: 'another', reason: expect.stringContaining(`lists the number ${NOW + 1}`) }])
    state.status = {}
    await pass(600_000)
    expect(infos).toEqual(['registry.listed_again'])
    state.status = { state: 'dead' }
    await pass(600_000)
    await pass(90_000)
    expect(reports.at(-1)).toMatchObject({ kind: 'missing' })
    await watch[Symbol.asyncDispose]()
  })

  it('says nothing of a manifest that the next heartbeat brings to the registry', async () => {
    const { reports, infos, state, pass, watch } = watched()
    state.status = { seq: NOW - 5 }
    await pass(600_000)
    state.status = {}
    await pass(90_000)
    await pass(600_000)
    expect([reports, infos]).toEqual([[], []])
    await watch[Symbol.asyncDispose]()
  })

  it('says nothing of a registry that does not answer', async () => {
    const { reports, state, pass, watch } = watched()
    state.reachable = false
    await pass(600_000)
    expect(reports).toEqual([])
    await watch[Symbol.asyncDispose]()
  })
})
