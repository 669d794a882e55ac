import { describe, expect, it } from 'vitest'
import { hashSchema } from './base64url.ts'
import { capabilityIdSchema, capabilityRefSchema, parseCapabilityRef, peerAliasSchema } from './capability-id.ts'
import { isDid } from './did.ts'
import { isPrincipal } from './principal.ts'

describe('a capability id', () => {
  it.each(['echo', 'billing.list_invoices', 'a-b.c_d', '0', 'x'.repeat(128)])('may be %s', (id) => {
    expect(capabilityIdSchema.safeParse(id).success).toBe(true)
  })

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'A',
    'a b',
    'a/b',
    'a\u0000',
    'ä',
    'a\u0301',
    'а',
    'x'.repeat(129),
    'a\n',
    '__proto__.Ü',
  ])('may not be %j', (id) => {
    expect(capabilityIdSchema.safeParse(id).success).toBe(false)
  })
})

describe('a capability reference', () => {
  it('is a local id, or an alias and an id', () => {
    expect(parseCapabilityRef('files.read')).toEqual({ id: 'files.read' })
    expect(parseCapabilityRef('orgb/files.read')).toEqual({ alias: 'orgb', id: 'files.read' })
  })

  it.each(['/a', 'a/', 'a/b/c', 'A/b', '-a/b', 'a//b', `${'x'.repeat(33)}/a`, 'a/../b', 'did:key:z/a'])(
    'is not %j',
    (ref) => {
      expect(parseCapabilityRef(ref)).toBeUndefined()
      expect(capabilityRefSchema.safeParse(ref).success).toBe(false)
    },
  )

  it('can never name a local capability through an alias', () => {
    const local = capabilityIdSchema.safeParse('orgb/files.read')
    expect(local.success).toBe(false)
    expect(peerAliasSchema.safeParse('a.b').success).toBe(false)
  })
})

describe('a DID', () => {
  it.each([
    'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    'did:web:example.com',
    'did:webvh:Qm1:h.example:k',
    'did:webvh:Qm1:localhost%3A7400:k',
  ])('may be %s', (did) => {
    expect(isDid(did)).toBe(true)
  })

  it.each([
    '',
    'did:',
    'did:key:',
    'DID:key:z',
    'did:KEY:z',
    'did:key:z#k',
    'did:key:z?q',
    'did:web:a%3a1',
    'did:web:a%2E1',
    'did:web:a%3A1%3A2',
    'did:key:z/p',
    'did:key:zä',
    ` did:key:z`,
    'did:key:z\n',
  ])('may not be %j', (did) => {
    expect(isDid(did)).toBe(false)
  })
})

describe('a principal', () => {
  it.each(['agent:billing', 'person:ada.l', 'did:key:z6Mk', 'did:key:z6Mk#abc_-'])('may be %s', (principal) => {
    expect(isPrincipal(principal)).toBe(true)
  })

  it.each([
    'billing',
    'agent:',
    'agent:Billing',
    'agent:a b',
    'user:x',
    'agent:*',
    'did:key:z#',
    'agent:x\n',
    'person:',
  ])('may not be %j', (principal) => {
    expect(isPrincipal(principal)).toBe(false)
  })
})

describe('a hash', () => {
  it('is 32 bytes of canonical base64url, so that each has one spelling', () => {
    const zero = 'A'.repeat(43)
    expect(hashSchema.safeParse(zero).success).toBe(true)
    for (const bad of [`${'A'.repeat(42)}B`, 'A'.repeat(42), `${zero}=`, `${'A'.repeat(42)}+`, '']) {
      expect(hashSchema.safeParse(bad).success, bad).toBe(false)
    }
  })
})
