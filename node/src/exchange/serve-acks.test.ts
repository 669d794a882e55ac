import { type EntryDraft, exchangePaths, type InboundRequest } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { batchSigner, didKeyResolver, envelopeVerifier } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import { alice } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { HeldResults } from './held-results.ts'
import { OpenAcks } from './open-acks.ts'
import { RefusalCounter } from './refusal-counter.ts'
import { serveAcks } from './serve-acks.ts'

const clock = manualClock(1_000)
const acks = ['a', 'b'].map((letter) => ({ call_id: letter.repeat(22), receipt_hash: 'A'.repeat(43) }))
const together = async () => (await batchSigner(alice).sign('hansa-acks', { v: 1, acks })).text
const alone = async () => `[${(await batchSigner(alice).sign('hansa-ack', { v: 1, ...acks[0] })).text}]`

/** Of both, and of three that nobody waits for. */
async function amongOthers(): Promise<string> {
  const others = ['c', 'd', 'e'].map((letter) => ({ call_id: letter.repeat(22), receipt_hash: 'A'.repeat(43) }))
  return (await batchSigner(alice).sign('hansa-acks', { v: 1, acks: [...acks, ...others] })).text
}

const requestOf = (text: string): InboundRequest => {
  return { path: exchangePaths.acks, method: 'POST', body: Buffer.from(text), source: '192.0.2.1' }
}

/** Alice owes both; `key` says whether hers is to be had. */
function served() {
  const key = { isToBeHad: true }
  const ledger = { full: false, room: { bytes: 0, maxBytes: 1_000, used: 1 } }
  const written: EntryDraft[] = []
  const openAcks = new OpenAcks()
  for (const { call_id, receipt_hash } of acks) openAcks.expect(call_id, alice.did, receipt_hash)
  const append = (draft: EntryDraft): Appended => {
    written.push(draft)
    return { seq: written.length, tMs: 0, leafHash: '', durable: Promise.resolve() }
  }
  const resolver = didKeyResolver()
  const answer = serveAcks({
    openAcks,
    ledger,
    held: new HeldResults({ clock, onOverdue() {} }),
    refusals: new RefusalCounter({ clock, append }),
    verifier: envelopeVerifier({
      resolver: {
        resolve: async (...asked) =>
          key.isToBeHad ? resolver.resolve(...asked) : { ok: false, reason: 'did_unreachable' },
      },
    }),
    append,
  })
  const send = async (text: string) => (await answer(requestOf(text))).status
  return { key, ledger, written, send }
}

describe(serveAcks, () => {
  it.each([
    ['one', alone, 'ack.received'],
    ['several', together, 'acks.received'],
  ])('does not answer for %s whose signature it cannot check, so that they come again', async (_what, text, type) => {
    const { key, written, send } = served()
    key.isToBeHad = false
    expect(await send(await text())).toBe(400)
    key.isToBeHad = true
    expect([await send(await text()), await send(await text())]).toEqual([200, 200])
    expect(written.map((draft) => draft.type)).toEqual([type])
  })

  it('answers for what it takes, with something beside it that does not verify', async () => {
    const { written, send } = served()
    const [good, other] = [(await alone()).slice(1, -1), (await together()).trim()]
    expect(await send(`[${good},${other}]`)).toBe(200)
    expect(written.map(({ type }) => type)).toEqual(['ack.received'])
  })

  it('leaves a log that is full the room for what is owed: a statement that is mostly about other calls waits', async () => {
    const { ledger, written, send } = served()
    ledger.full = true
    await expect(send(await amongOthers())).rejects.toMatchObject({ detail: { code: 'log_full', maxBytes: 1_000 } })
    expect(written).toEqual([])
    expect(await send(await together())).toBe(200)
    expect(written.map(({ type }) => type)).toEqual(['acks.received'])
  })

  it('takes a statement that is mostly about other calls while the log has room', async () => {
    const { written, send } = served()
    expect(await send(await amongOthers())).toBe(200)
    expect(written).toMatchObject([{ ext: { calls: acks.map(({ call_id }) => call_id) } }])
  })

  it('answers for what is signed and no acknowledgement: it would be none the next time', async () => {
    const { written, send } = served()
    const { text } = await batchSigner(alice).sign('hansa-acks', { v: 1, acks: [...acks, ...acks] })
    expect(await send(text)).toBe(200)
    expect(written).toEqual([])
  })
})
