import { expect, it } from 'vitest'
import { identityResolver } from '../did/identity-resolver.ts'
import { didLogKeyResolver } from '../did/key-windows.ts'
import { signingKey, TestDid } from '../testing/did-logs.ts'
import { NOW } from '../testing/manifests.ts'
import { signJws, verifyJws } from './jws.ts'

const TYP = 'hansa-test+jws'
const [first, second] = [signingKey('bob', 1), signingKey('bob', 2)]

function rotated() {
  const did = new TestDid('bob')
  did.next([first, second], NOW - 7_200)
  did.next([second], NOW - 3_600)
  const fetch = async () => ({ ok: true as const, bytes: did.bytes })
  return { did, resolver: identityResolver({ clock: { now: () => NOW * 1000 }, fetch }) }
}

async function verify(iat: number, issuedAt?: (payload: Record<string, unknown>) => unknown) {
  const { did, resolver } = rotated()
  const { jws } = signJws(did.signer(first), TYP, { iss: did.did, iat })
  const init = { typ: TYP, resolver, maxBytes: 65_536, issuerOf: ({ iss }: Record<string, unknown>) => iss }
  const verdict = await verifyJws(jws, issuedAt === undefined ? init : { ...init, issuedAt })
  return verdict.ok ? 'ok' : verdict.reason
}

it('is taken of what outlives keys, at the time that the object names', async () => {
  expect(await verify(NOW - 5_000, ({ iat }) => iat)).toBe('ok')
  expect(await verify(NOW - 1_000, ({ iat }) => iat)).toBe('key_not_valid_then')
})

it('is taken the same from a log that was given, without a host', async () => {
  const { did } = rotated()
  const resolver = didLogKeyResolver([did.log])
  const { jws } = signJws(did.signer(first), TYP, { iss: did.did, iat: NOW - 5_000 })
  const init = { typ: TYP, resolver, maxBytes: 65_536, issuerOf: ({ iss }: Record<string, unknown>) => iss }
  expect(await verifyJws(jws, init)).toEqual({ ok: false, reason: 'key_not_valid_then' })
  expect(await verifyJws(jws, { ...init, issuedAt: ({ iat }) => iat })).toMatchObject({ ok: true, issuer: did.did })
})

it('is not taken of anything else', async () => {
  expect(await verify(NOW - 5_000)).toBe('kid_unknown_key')
  expect(await verify(NOW - 5_000, ({ sub }) => sub)).toBe('kid_unknown_key')
})
