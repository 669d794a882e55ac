import type { Did } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { encodeBase64url } from '../encoding/base64url.ts'
import { alice, bob, mallory } from '../testing/actors.ts'
import { documentOf } from '../testing/did-logs.ts'
import { readDidDocument } from './document-keys.ts'
import { multikeyOf } from './multikey.ts'

const did: Did = 'did:web:bob.example'
const kid = `${did}#${multikeyOf(bob.publicKey)}`
const base = documentOf(did, [bob])

function read(document: object) {
  const reading = readDidDocument(document, did)
  if (!reading.ok) throw new Error(reading.reason)
  return reading.keys
}
const reasonOf = (document: unknown) => {
  const reading = readDidDocument(document, did)
  return reading.ok ? undefined : reading.reason
}

describe('the keys of a document', () => {
  it('serve the purposes that the document gives them, and no others', () => {
    const keys = read({ ...base, capabilityDelegation: [], assertionMethod: undefined })
    expect(keys.key(kid, 'authentication')).toMatchObject({ ok: true })
    expect(keys.key(kid, 'capabilityDelegation')).toEqual({ ok: false, reason: 'key_not_for_this_purpose' })
    expect(keys.key(kid, 'assertionMethod')).toEqual({ ok: false, reason: 'key_not_for_this_purpose' })
    expect(keys.key(`${did}#other`, 'authentication')).toEqual({ ok: false, reason: 'kid_unknown_key' })
  })

  it.each([
    ['Multikey', { publicKeyMultibase: multikeyOf(bob.publicKey) }],
    ['Ed25519VerificationKey2020', { publicKeyMultibase: multikeyOf(bob.publicKey) }],
    ['JsonWebKey2020', { publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(bob.publicKey) } }],
  ])('are read as %s', (type, material) => {
    const keys = read({ ...base, verificationMethod: [{ id: kid, type, controller: did, ...material }] })
    const found = keys.key(kid, 'authentication')
    expect(found.ok && Buffer.from(found.key.publicKey)).toEqual(Buffer.from(bob.publicKey))
  })

  it('may be written inside a relationship, with an id that leaves the DID out', () => {
    const method = { id: '#k', type: 'Multikey', publicKeyMultibase: multikeyOf(bob.publicKey) }
    const keys = read({ id: did, authentication: [method] })
    expect(keys.key(`${did}#k`, 'authentication')).toMatchObject({ ok: true })
    expect(keys.key(`${did}#k`, 'assertionMethod')).toEqual({ ok: false, reason: 'key_not_for_this_purpose' })
  })

  it.each([
    ['of another kind', { type: 'X25519KeyAgreementKey2020', publicKeyMultibase: multikeyOf(bob.publicKey) }],
    ['of another curve', { type: 'JsonWebKey2020', publicKeyJwk: { kty: 'EC', crv: 'P-256', x: 'AA' } }],
    ['in another spelling', { type: 'JsonWebKey2020', publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: 'AB' } }],
    [
      'of another controller',
      { type: 'Multikey', controller: mallory.did, publicKeyMultibase: multikeyOf(bob.publicKey) },
    ],
  ])('leave out one that is %s', (_name, material) => {
    const keys = read({ ...base, verificationMethod: [{ id: kid, ...material }] })
    expect(keys.key(kid, 'authentication').ok).toBe(false)
  })

  it('never speak for another DID, whose keys a document of mallory lists', () => {
    const ofAlice = { id: `${alice.did}#k`, type: 'Multikey', publicKeyMultibase: multikeyOf(mallory.publicKey) }
    const keys = read({ ...base, verificationMethod: [ofAlice], authentication: [ofAlice.id] })
    expect(keys.key(ofAlice.id, 'authentication')).toEqual({ ok: false, reason: 'kid_unknown_key' })
  })

  it('are admitted before they verify anything: the identity point signs everything', () => {
    const point = Buffer.alloc(32)
    point[0] = 1
    const method = { id: kid, type: 'Multikey', publicKeyMultibase: multikeyOf(point) }
    expect(read({ ...base, verificationMethod: [method] }).key(kid, 'authentication')).toEqual({
      ok: false,
      reason: 'key_small_order',
    })
  })

  it('are none once they are revoked', () => {
    const keys = read(documentOf(did, [bob], [{ kid, compromised_since: 1, reason: 'lost laptop' }]))
    expect(keys.key(kid, 'authentication')).toEqual({ ok: false, reason: 'key_revoked' })
  })
})

describe('a document', () => {
  it('is the one that was asked for', () => {
    expect(reasonOf({ ...base, id: alice.did })).toBe('document_of_another')
    expect(reasonOf({ ...base, id: 'bob' })).toMatch(/^document_malformed/)
    expect(reasonOf([])).toMatch(/^document_malformed/)
  })

  it('is refused when it names another controller, a key twice, or a secret', () => {
    expect(reasonOf({ ...base, controller: [did, mallory.did] })).toBe('document_has_another_controller')
    expect(reasonOf({ ...base, controller: did })).toBeUndefined()
    const [method] = base.verificationMethod
    const twice = [method, { ...method, publicKeyMultibase: multikeyOf(mallory.publicKey) }]
    expect(reasonOf({ ...base, verificationMethod: twice })).toBe('document_names_a_key_twice')
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(bob.publicKey), d: 'AA' }
    const secret = [{ id: kid, type: 'JsonWebKey2020', publicKeyJwk: jwk }]
    expect(reasonOf({ ...base, verificationMethod: secret })).toBe('document_shows_a_secret')
  })

  it('is refused when what it revokes cannot be read', () => {
    const service = [{ id: '#r', type: 'HansaKeyRevocations', serviceEndpoint: { revoked: [{ kid }] } }]
    expect(reasonOf({ ...base, service })).toBe('document_revocations_malformed')
  })

  it('is bounded', () => {
    const many = Array.from({ length: 65 }, (_, at) => ({ ...base.verificationMethod[0], id: `#k${at}` }))
    expect(reasonOf({ ...base, verificationMethod: many })).toMatch(/^document_malformed/)
  })
})
