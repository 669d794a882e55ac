import { type Did, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { alice } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { ownRecord } from './own-record.ts'

/** A kernel that is a member of the mesh, and offers `state.offers`. */
async function member({ since }: { since?: number } = { since: 1 }) {
  const clock = manualClock(1_000_000)
  const state = { offers: 0, said: [] as string[], isWatched: false }
  let changed = () => {}
  const components = {
    ...{ self: alice.did, clock, logger: silentLogger },
    membership: { since },
    replica: { take: async (jws: string, _from: Did) => void state.said.push(jws) },
    publisher: {
      current: () => ({ jws: `manifest ${state.offers}` }),
      watch(told: () => void) {
        changed = told
        state.isWatched = true
        return () => {
          state.isWatched = false
          changed = () => {}
        }
      },
    },
  } as unknown as Parameters<typeof ownRecord>[0]
  const own = await ownRecord(components)
  const pass = async (ms: number) => {
    clock.advance(ms)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const register = () => {
    state.offers += 1
    changed()
  }
  return { own, state, pass, register }
}

describe(ownRecord, () => {
  it('says what is offered a moment after it has changed, not at the next look', async () => {
    const { state, pass, register } = await member()
    await pass(250)
    register()
    await pass(20)
    expect(state.said).toEqual(['manifest 0', 'manifest 1'])
  })

  it('says what is registered together in one manifest, and makes no more than four in a second', async () => {
    const { state, pass, register } = await member()
    await pass(250)
    for (let n = 0; n < 10; n++) register()
    await pass(20)
    expect(state.said).toEqual(['manifest 0', 'manifest 10'])
    const before = state.said.length
    for (let ms = 0; ms < 2_000; ms += 10) {
      register()
      await pass(10)
    }
    expect(state.said.length - before).toBeLessThanOrEqual(9)
    await pass(250)
    expect(state.said.at(-1)).toBe('manifest 210')
  })

  it('says what nobody tells it of too, four times a second', async () => {
    const { state, pass } = await member()
    state.offers += 1
    await pass(250)
    expect(state.said.at(-1)).toBe('manifest 1')
  })

  it('says nothing while it is no member, and nothing once it is closed', async () => {
    const { state, pass, register } = await member({})
    register()
    await pass(500)
    expect(state.said).toEqual([])
    const other = await member()
    other.register()
    other.own.close()
    await other.pass(500)
    expect([other.state.said, other.state.isWatched]).toEqual([['manifest 0'], false])
  })
})
