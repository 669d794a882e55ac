import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { anIssuer } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { FRESH_MS, IssuerKeyStore, REREAD_WINDOW_MS, STALE_MS } from './issuer-key-store.ts'
import type { KeysReading } from './read-issuer-keys.ts'

const old = anIssuer('old').jwk
const young = anIssuer('young').jwk

function storeOf(first: KeysReading) {
  const clock: ManualClock = manualClock()
  const published = { now: first, readings: 0 }
  const read = async () => {
    published.readings += 1
    return published.now
  }
  const store = new IssuerKeyStore({ clock, read }, { use: 'sig', algorithms: ['EdDSA'] })
  return { clock, published, store }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))
const set = (...keys: (typeof old)[]): KeysReading => ({ ok: true, set: { keys } })
const down: KeysReading = { ok: false, reason: 'https://login.example answered 503' }

describe(IssuerKeyStore, () => {
  it('reads once for many tokens', async () => {
    const { store, published } = storeOf(set(old))
    const found = await Promise.all(Array.from({ length: 10 }, () => store.keyOf('old')))
    expect(found.every(({ ok }) => ok)).toBe(true)
    expect(published.readings).toBe(1)
  })

  it('reads again for a new key, and once in a window for names that mallory invents', async () => {
    const { store, published, clock } = storeOf(set(old))
    await store.keyOf('old')
    published.now = set(old, young)
    for (let at = 0; at < 100; at++)
      expect(await store.keyOf(`invented-${at}`)).toEqual({ ok: false, reason: 'kid_unknown' })
    expect(published.readings).toBe(1)
    clock.advance(REREAD_WINDOW_MS)
    expect(await store.keyOf('young')).toMatchObject({ ok: true })
    for (let at = 0; at < 100; at++) await store.keyOf(`invented-${at}`)
    expect(published.readings).toBe(2)
  })

  it('drops a key that is no longer published, when the set is read again', async () => {
    const { store, published, clock } = storeOf(set(old, young))
    await store.keyOf('old')
    published.now = set(young)
    clock.advance(FRESH_MS)
    await store.keyOf('young')
    await settled()
    expect(await store.keyOf('old')).toEqual({ ok: false, reason: 'kid_unknown' })
  })

  it('goes on with what it knows while the issuer is away, and stops at the bound', async () => {
    const { store, published, clock } = storeOf(set(old))
    await store.keyOf('old')
    published.now = down
    clock.advance(STALE_MS - 1)
    expect(await store.keyOf('old')).toMatchObject({ ok: true })
    await settled()
    expect(store.state).toMatchObject({ fault: down.reason, keys: [{ kid: 'old' }] })
    clock.advance(1)
    expect(await store.keyOf('old')).toEqual({ ok: false, reason: 'keys_stale' })
    published.now = set(old)
    clock.advance(REREAD_WINDOW_MS)
    expect(await store.keyOf('old')).toMatchObject({ ok: true })
    expect(store.state.fault).toBeUndefined()
  })

  it('knows nothing when the issuer was never reached, and asks it once in a window', async () => {
    const { store, published } = storeOf(down)
    for (let at = 0; at < 5; at++) expect(await store.keyOf('old')).toEqual({ ok: false, reason: 'keys_unavailable' })
    expect(published.readings).toBe(1)
  })

  it('takes no older bundle, which would bring back a withdrawn key', async () => {
    const { store, published } = storeOf({ ok: true, set: { keys: [young], spiffe_sequence: 7 } })
    await store.keyOf('young')
    for (const sequence of [6, undefined]) {
      published.now = {
        ok: true,
        set: { keys: [old], ...(sequence === undefined ? {} : { spiffe_sequence: sequence }) },
      }
      expect(await store.refresh()).toMatchObject({
        keys: [{ kid: 'young' }],
        fault: expect.stringContaining('went back from sequence 7'),
      })
    }
  })

  it('reads a bundle as often as it says', async () => {
    const { store, published, clock } = storeOf({ ok: true, set: { keys: [old], spiffe_refresh_hint: 60 } })
    await store.keyOf('old')
    clock.advance(59_999)
    await store.keyOf('old')
    expect(published.readings).toBe(1)
    clock.advance(1)
    await store.keyOf('old')
    expect(published.readings).toBe(2)
  })

  it('takes keys for as old as can be when its clock goes back', async () => {
    const { published } = storeOf(set(old))
    let now = 1_000_000_000
    const clock = { now: () => now, after: () => () => {} }
    const read = async () => published.now
    const store = new IssuerKeyStore({ clock, read }, { use: 'sig', algorithms: ['EdDSA'] })
    await store.keyOf('old')
    published.now = down
    now -= 60_000
    expect(await store.keyOf('old')).toEqual({ ok: false, reason: 'keys_stale' })
  })
})
