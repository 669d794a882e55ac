import type { EntryDraft } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { anAck, anIntent, carol } from '../testing/index.ts'
import { closeBoth, exchange, signedObject, sourceOf, type TestKernel, twoKernels } from './testing/exchange.ts'
import { hashOf, idOf } from './testing/fixture.ts'
import { verifyPair } from './verify-pair.ts'

const call_id = idOf('the call')
const receipt_hash = hashOf('another')

/** What carol signs for bob about a call that alice made. */
const statements: [string, () => EntryDraft][] = [
  [
    'an acknowledgement',
    () => {
      const { envelope } = signedObject(carol, 'hansa-ack', anAck({ call_id, receipt_hash }))
      return { type: 'ack.received', call_id, peer: carol.did, receipt: receipt_hash, ext: { envelope } }
    },
  ],
  [
    'an acknowledgement among others',
    () => {
      const { envelope } = signedObject(carol, 'hansa-acks', { v: 1, acks: [{ call_id, receipt_hash }] })
      return { type: 'acks.received', peer: carol.did, ext: { calls: [call_id], envelope } }
    },
  ],
  [
    'an intent',
    () => {
      const intent = anIntent({ call_id, iss: carol.did, hops: [carol.did] })
      const { envelope } = signedObject(carol, 'hansa-intent', intent)
      return { type: 'intent.accepted', call_id, peer: carol.did, ext: { envelope } }
    },
  ],
]

async function findingsOf({ a, b }: { a: TestKernel; b: TestKernel }) {
  await closeBoth({ a, b })
  const { findings } = await verifyPair(sourceOf(a), sourceOf(b))
  return findings.map(({ code, blamed }) => ({ code, blamed }))
}

describe('what a third kernel signed about a call of two others', () => {
  it.each(statements)('is no word of the one who asked: %s, after its own', async (_what, statement) => {
    const kernels = await twoKernels()
    await exchange(kernels.a, kernels.b, 'the call')
    kernels.b.ledger.append(statement())
    expect((await findingsOf(kernels)).filter(({ blamed }) => blamed === 'a')).toEqual([])
  })

  it.each(statements)('is no word of the one who asked: %s, before its own', async (_what, statement) => {
    const kernels = await twoKernels()
    kernels.b.ledger.append(statement())
    await exchange(kernels.a, kernels.b, 'the call')
    expect((await findingsOf(kernels)).filter(({ blamed }) => blamed === 'a')).toEqual([])
  })

  it.each(statements)('is no word of the one who asked: %s, instead of its own', async (_what, statement) => {
    const kernels = await twoKernels()
    await exchange(kernels.a, kernels.b, 'the call', { omit: ['accepted', 'ack'] })
    kernels.b.ledger.append(statement())
    const found = await findingsOf(kernels)
    expect(found.map(({ code }) => code)).not.toContain('ack_contradicts')
    expect(found.map(({ code }) => code)).not.toContain('intent_differs')
  })
})
