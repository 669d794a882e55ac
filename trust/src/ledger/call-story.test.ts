import { describe, expect, it } from 'vitest'
import { alice, bob, mallory } from '../testing/index.ts'
import { CallTeller } from './call-story.ts'
import { closeBoth, type ExchangeInit, exchange, sourceOf, type TestKernel, twoKernels } from './testing/exchange.ts'
import { idOf } from './testing/fixture.ts'
import { verifyLog } from './verify-log.ts'
import { verifyPair } from './verify-pair.ts'

async function kernelsAfter(init: ExchangeInit = {}): Promise<{ a: TestKernel; b: TestKernel }> {
  const kernels = await twoKernels()
  await exchange(kernels.a, kernels.b, 'before')
  await exchange(kernels.a, kernels.b, 'the call', init)
  await closeBoth(kernels)
  return kernels
}

async function told(kernels: { a: TestKernel; b: TestKernel }, name = 'the call') {
  const teller = new CallTeller(idOf(name))
  await verifyPair(sourceOf(kernels.a), sourceOf(kernels.b), { visit: teller.visit.bind(teller) })
  return teller.story()
}

describe(CallTeller, () => {
  it('tells a call of two logs in the order of the exchange, with what each signature proves', async () => {
    const story = await told(await kernelsAfter())
    expect(story?.cap).toBe('b/files.read')
    expect(story?.steps.map(({ side, type }) => [side, type])).toEqual([
      ['a', 'intent.sent'],
      ['b', 'intent.accepted'],
      ['b', 'outcome'],
      ['a', 'receipt.received'],
      ['b', 'ack.received'],
    ])
    expect(story?.steps.map(({ signature }) => signature && [signature.of, signature.by, signature.verified])).toEqual([
      ['intent', undefined, false],
      ['intent', alice.did, true],
      undefined,
      ['receipt', bob.did, true],
      ['ack', alice.did, true],
    ])
    const outcome = story?.steps[2]
    expect(story?.steps[3]?.signature?.proves).toContain(`entry ${outcome?.seq} of ${outcome?.origin}`)
    expect(story?.steps[3]?.signature?.proves).toContain(outcome?.leafHash)
  })

  it('tells of an acknowledgement among others what it says of this call', async () => {
    const last = (await told(await kernelsAfter({ together: true })))?.steps.at(-1)
    expect(last).toMatchObject({ side: 'b', type: 'acks.received', signature: { of: 'acks', verified: true } })
    const alone = (await told(await kernelsAfter()))?.steps.at(-1)
    expect(last?.signature?.proves).toBe(alone?.signature?.proves)
  })

  it('tells of one log what it holds', async () => {
    const { b } = await kernelsAfter()
    const teller = new CallTeller(idOf('the call'))
    await verifyLog(b.disk, { vkey: b.key.vkey, visit: teller.visit.bind(teller, 'b') })
    expect(teller.story()?.steps.map(({ type }) => type)).toEqual(['intent.accepted', 'outcome', 'ack.received'])
  })

  it('tells that the content of a call was erased, by whom and why', async () => {
    const kernels = await twoKernels()
    await exchange(kernels.a, kernels.b, 'the call')
    const ext = { records: ['A'.repeat(43)], count: 1, reason: 'the person asked' }
    const { ledger } = kernels.b
    await ledger.append({ type: 'content.erased', call_id: idOf('the call'), actor: 'person:olga', ext }).durable
    await closeBoth(kernels)
    const last = (await told(kernels))?.steps.at(-1)
    expect(last?.text).toBe(
      'has erased what was kept of its content, by person:olga (the person asked); the commitments stay',
    )
  })

  it('says that a signature of mallory proves nothing', async () => {
    const story = await told(await kernelsAfter({ receiptSigner: mallory }))
    const receipt = story?.steps.find(({ type }) => type === 'receipt.received')
    expect(receipt?.signature).toMatchObject({ of: 'receipt', by: bob.did, verified: false })
    expect(receipt?.signature?.proves).toMatch(/^nothing: it does not verify/)
  })

  it('has no story of a call that is in neither', async () => {
    expect(await told(await kernelsAfter(), 'another')).toBeUndefined()
  })
})
