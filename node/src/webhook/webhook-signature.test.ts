/** Our signatures, held against the library that receivers use. */
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { webhookHeaders } from './webhook-signature.ts'

const secret = (byte: number) => Buffer.alloc(32, byte)
const receiver = (byte: number) => new Webhook(`whsec_${secret(byte).toString('base64')}`)
const now = () => Math.floor(Date.now() / 1000)

describe(webhookHeaders, () => {
  it('are verified by the library of receivers, whatever the body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = JSON.stringify(value)
        const headers = webhookHeaders({ id: 'a_1', timestamp: now(), body, secrets: [secret(1)] })
        expect(JSON.stringify(receiver(1).verify(body, headers))).toBe(body)
      }),
    )
  })

  it('are verified with each of two secrets, and with no third one', () => {
    const headers = webhookHeaders({ id: 'a', timestamp: now(), body: '{}', secrets: [secret(1), secret(2)] })
    for (const one of [1, 2]) expect(receiver(one).verify('{}', headers)).toEqual({})
    expect(() => receiver(3).verify('{}', headers)).toThrow('No matching signature found')
  })

  it.each([
    ['another body', '{"ok":false}', {}],
    ['another id', '{}', { 'webhook-id': 'b' }],
    ['another time', '{}', { 'webhook-timestamp': String(now() + 60) }],
    ['a time long ago', '{}', { 'webhook-timestamp': String(now() - 3600) }],
    ['no signature', '{}', { 'webhook-signature': 'v1,' }],
  ])('do not verify when mallory puts in %s', (_what, body, other) => {
    const headers = webhookHeaders({ id: 'a', timestamp: now(), body: '{}', secrets: [secret(1)] })
    expect(() => receiver(1).verify(body, { ...headers, ...other })).toThrow()
  })
})
