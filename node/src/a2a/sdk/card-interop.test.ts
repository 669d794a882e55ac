/** Cards that cross between this implementation and the official SDK. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { AgentCard, generateAgentCardSignature, verifyAgentCardSignature } from '@a2a-js/sdk'
import { makeAgentCard } from '@hansa/protocols'
import { admitIssuerKeys, didKeyResolver, readAgentCard, signAgentCard, verifyAgentCard } from '@hansa/trust'
import { alice } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'

const card = makeAgentCard({
  kernel: alice.did,
  name: 'Bergen',
  description: 'Berths',
  version: '1.0.0',
  interfaces: [{ url: 'https://bergen.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  pushNotifications: true,
  openIdConnectUrls: ['https://id.example/.well-known/openid-configuration'],
  capabilities: [
    {
      ...{ ref: 'desk.plan', kind: 'task', title: 'Plan', description: 'Plans', safety: 'READ', sensitivity: [] },
      ...{ state: 'available', hash: 'A'.repeat(43) },
    },
  ],
})

/** An Ed25519 key as the SDK takes it. */
const publicKey = createPublicKey({
  key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), alice.publicKey]),
  format: 'der',
  type: 'spki',
})

describe('a card', () => {
  it('of this kernel is verified by the SDK', async () => {
    const { text } = signAgentCard(card, alice)
    const verify = verifyAgentCardSignature(async (kid) => {
      expect(kid).toBe(alice.kid)
      return publicKey
    })
    // As it was received: the SDK takes it for its own form, in which it would leave the schemes out.
    await expect(verify(JSON.parse(text))).resolves.toBeUndefined()
    const altered = JSON.parse(text)
    altered.skills[0].description = 'Pays mallory'
    await expect(verify(altered)).rejects.toThrow()
  })

  it('that the SDK has signed is verified here, under a pinned key', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const sign = generateAgentCardSignature(pair.privateKey, { alg: 'ES256', kid: 'key-1', typ: 'JOSE' })
    const plain = { ...card, securitySchemes: {}, securityRequirements: [] }
    const signed = AgentCard.toJSON(await sign(AgentCard.fromJSON(plain)))
    const reading = readAgentCard(Buffer.from(JSON.stringify(signed)))
    if (!reading.ok) throw new Error(reading.reason)
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'key-1' }
    const { keys } = admitIssuerKeys({ keys: [jwk as never] }, 'sig', ['ES256'])
    expect(await verifyAgentCard(reading, { keys, resolver: didKeyResolver() })).toMatchObject({
      ok: true,
      kid: 'key-1',
    })
  })

  it('whose schemes the SDK has left out of what it signed is not believed here', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const sign = generateAgentCardSignature(pair.privateKey, { alg: 'ES256', kid: 'key-1', typ: 'JOSE' })
    const signed = AgentCard.toJSON(await sign(AgentCard.fromJSON(card))) as Record<string, unknown>
    const served = { ...signed, securitySchemes: card.securitySchemes }
    const reading = readAgentCard(Buffer.from(JSON.stringify(served)))
    if (!reading.ok) throw new Error(reading.reason)
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'key-1' }
    const { keys } = admitIssuerKeys({ keys: [jwk as never] }, 'sig', ['ES256'])
    expect(await verifyAgentCard(reading, { keys, resolver: didKeyResolver() })).toEqual({
      ok: false,
      reason: 'signature_invalid',
    })
  })
})
