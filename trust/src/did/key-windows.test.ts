import { describe, expect, it } from 'vitest'
import { signingKey, TestDid } from '../testing/did-logs.ts'
import { NOW } from '../testing/manifests.ts'
import { didKeyResolver } from './did-key-resolver.ts'
import { didLogKeyResolver, firstOf, keyWindows } from './key-windows.ts'

const [first, second] = [signingKey('bob', 1), signingKey('bob', 2)]
const HOUR = 3_600
const BEGIN = NOW - 24 * HOUR

/** The second key is announced at 2 h; the first leaves at 4 h. */
function rotated(): TestDid {
  const did = new TestDid('bob', 'bob.example', [first], BEGIN)
  did.next([first, second], BEGIN + 2 * HOUR)
  did.next([second], BEGIN + 4 * HOUR)
  return did
}

const reasonAt = async (did: TestDid, kid: string, at?: number) => {
  const resolution = await didLogKeyResolver([did.log]).resolve(kid, 'assertionMethod', at)
  return resolution.ok ? 'ok' : resolution.reason
}

describe('the keys of an identifier over time', () => {
  it('are valid from the entry that brings them to the one that takes them away', () => {
    const did = rotated()
    expect(keyWindows(did.log)).toMatchObject([
      { kid: did.signer(first).kid, from: BEGIN, to: BEGIN + 4 * HOUR },
      { kid: did.signer(second).kid, from: BEGIN + 2 * HOUR },
    ])
  })

  it('verify what was signed while they were valid, and nothing else', async () => {
    const did = rotated()
    const [old, young] = [did.signer(first).kid, did.signer(second).kid]
    expect(await reasonAt(did, old, BEGIN + HOUR)).toBe('ok')
    expect(await reasonAt(did, old, BEGIN + 4 * HOUR + 119)).toBe('ok')
    expect(await reasonAt(did, old, BEGIN + 4 * HOUR + 120)).toBe('key_not_valid_then')
    expect(await reasonAt(did, young, BEGIN + HOUR)).toBe('key_not_valid_then')
    expect(await reasonAt(did, young, BEGIN + 5 * HOUR)).toBe('ok')
    expect(await reasonAt(did, old)).toBe('key_not_valid_then')
    expect(await reasonAt(did, young)).toBe('ok')
  })

  it('prove nothing from the moment on that they are said to be compromised', async () => {
    const did = rotated()
    const old = did.signer(first).kid
    did.next([second], BEGIN + 6 * HOUR, [{ kid: old, compromised_since: BEGIN + 3 * HOUR, reason: 'stolen' }])
    expect(await reasonAt(did, old, BEGIN + 3 * HOUR - 1)).toBe('ok')
    expect(await reasonAt(did, old, BEGIN + 3 * HOUR)).toBe('key_compromised')
    expect(await reasonAt(did, old)).toBe('key_compromised')
  })

  it('are not made younger victims by a later statement', async () => {
    const did = rotated()
    const old = did.signer(first).kid
    const said = [
      { kid: old, compromised_since: BEGIN + 3 * HOUR, reason: 'stolen' },
      { kid: old, compromised_since: BEGIN + 5 * HOUR, reason: 'on second thoughts' },
    ]
    did.next([second], BEGIN + 6 * HOUR, said)
    expect(await reasonAt(did, old, BEGIN + 3 * HOUR)).toBe('key_compromised')
  })

  it('come back with a second window', async () => {
    const did = rotated()
    did.next([first, second], BEGIN + 8 * HOUR)
    const old = did.signer(first).kid
    expect(keyWindows(did.log).filter(({ kid }) => kid === old)).toHaveLength(2)
    expect(await reasonAt(did, old, BEGIN + 6 * HOUR)).toBe('key_not_valid_then')
    expect(await reasonAt(did, old, BEGIN + 9 * HOUR)).toBe('ok')
  })

  it('are asked for beside did:key', async () => {
    const did = rotated()
    const resolver = firstOf(didKeyResolver(), didLogKeyResolver([did.log]))
    expect(await resolver.resolve(first.kid, 'assertionMethod', NOW)).toMatchObject({ ok: true, did: first.did })
    expect(await resolver.resolve(did.signer(second).kid, 'assertionMethod', NOW)).toMatchObject({ ok: true })
    const stranger = await resolver.resolve('did:web:x.example#k', 'assertionMethod', NOW)
    expect(stranger).toEqual({ ok: false, reason: 'did_method_unsupported' })
  })
})
