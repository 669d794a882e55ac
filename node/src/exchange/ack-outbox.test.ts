import { type Ack, type Did, type Envelope, MAX_ACKED_RECEIPTS, type PeerRequest, silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { batchSigner } from '@hansa/trust'
import { alice, bob, carol } from '@hansa/trust/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { AckOutbox } from './ack-outbox.ts'

let clock: ManualClock
let ledger: FakeLedger
let sent: { endpoint: string; calls: string[]; withheld: boolean[] }[]
let status: () => number | Promise<number>
let outbox: AckOutbox

beforeEach(() => {
  clock = manualClock()
  ledger = new FakeLedger(clock)
  sent = []
  status = () => 200
  outbox = fresh()
})

function fresh(): AckOutbox {
  return new AckOutbox({
    clock,
    logger: silentLogger,
    signer: batchSigner(alice),
    append: ledger.append,
    endpointOf: (peer: Did) => (peer === carol.did ? undefined : `https://${peer}`),
    transport: {
      binding: async () => undefined,
      send: async ({ endpoint, body }: PeerRequest) => {
        const acks = acksIn(JSON.parse(Buffer.from(body ?? []).toString()))
        sent.push({
          endpoint,
          calls: acks.map(({ call_id }) => call_id),
          withheld: acks.map(({ withheld }) => withheld === true),
        })
        return { status: await status(), body: new Uint8Array() }
      },
    },
  })
}

type Acknowledged = Pick<Ack, 'call_id' | 'withheld'>

/** One statement about one call in a list, or one about several. */
function acksIn(sent: Envelope | Envelope[]): readonly Acknowledged[] {
  const payload = (envelope?: Envelope) => JSON.parse(Buffer.from(envelope?.payload ?? '', 'base64url').toString())
  if (!Array.isArray(sent)) return payload(sent).acks
  expect(sent).toHaveLength(1)
  return [payload(sent[0])]
}

const id = (n: number) => `${n}`.padStart(22, 'C')
const hash = 'H'.repeat(43)

/** The receipt entry of a call, as it is written and then added. */
function received(n: number, over: { peer?: Did; withheld?: boolean; add?: boolean } = {}): void {
  const { peer = bob.did, withheld = false } = over
  const { seq, durable } = ledger.append({
    type: 'receipt.received',
    peer,
    call_id: id(n),
    receipt: hash,
    result_c: hash,
    ext: { status: 'ok', ...(withheld ? { code: 'firewall_blocked' as const } : {}) },
  })
  if (over.add !== false) outbox.add(peer, { seq, callId: id(n), receiptHash: hash, withheld, durable })
}

const turns = async () => {
  for (let turn = 0; turn < 60; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

describe('acknowledgements', () => {
  it('leave when the entry of their receipt is durable, and not before', async () => {
    const release = ledger.hold()
    received(1)
    await turns()
    expect(sent).toEqual([])
    release()
    await outbox.settled()
    expect(sent.map(({ calls }) => calls)).toEqual([[id(1)]])
  })

  it('that come while one is on its way go together', async () => {
    const gate = Promise.withResolvers<number>()
    status = () => gate.promise
    received(1)
    await turns()
    for (let n = 2; n < 12; n++) received(n)
    status = () => 200
    gate.resolve(200)
    await outbox.settled()
    expect(sent.map(({ calls }) => calls.length)).toEqual([1, 10])
  })

  it('of more calls than fit one statement go one statement after the other, in their order', async () => {
    status = () => 503
    for (let n = 0; n < MAX_ACKED_RECEIPTS + 1; n++) received(n, { withheld: true })
    await turns()
    status = () => 200
    clock.advance(1_000)
    await outbox.settled()
    expect(sent.slice(-2).map(({ calls }) => calls.length)).toEqual([MAX_ACKED_RECEIPTS, 1])
    expect(sent.slice(-2).flatMap(({ calls }) => calls)).toEqual(
      Array.from({ length: MAX_ACKED_RECEIPTS + 1 }, (_, n) => id(n)),
    )
  })

  it('of different peers do not wait for each other', async () => {
    status = () => (sent.at(-1)?.endpoint.endsWith(bob.did) ? new Promise<number>(() => {}) : 200)
    received(1)
    await turns()
    received(2, { peer: alice.did })
    await turns()
    expect(sent.map(({ endpoint }) => endpoint)).toEqual([`https://${bob.did}`, `https://${alice.did}`])
  })

  it('are sent again, later and later, until the peer takes them, in their order', async () => {
    status = () => 503
    received(1)
    await turns()
    received(2)
    for (const wait of [1_000, 2_000, 4_000]) {
      clock.advance(wait - 1)
      await turns()
      const before = sent.length
      clock.advance(1)
      await turns()
      expect(sent).toHaveLength(before + 1)
    }
    status = () => 200
    clock.advance(8_000)
    await outbox.settled()
    expect(sent.at(-1)?.calls).toEqual([id(1), id(2)])
    expect(ledger.ofType('acks.delivered')).toMatchObject([{ peer: bob.did, ext: { count: 2, through: 1 } }])
  })

  it('for a peer that was away for long and answers again do not wait for the end of the pause', async () => {
    status = () => 503
    received(1)
    await turns()
    for (let minute = 0; minute < 10; minute++) {
      clock.advance(60_000)
      await turns()
    }
    status = () => 200
    const before = sent.length
    received(2)
    clock.advance(4_999)
    await turns()
    expect(sent).toHaveLength(before)
    clock.advance(1)
    await outbox.settled()
    expect(sent.at(-1)?.calls).toEqual([id(1), id(2)])
  })

  it('for a peer that is no longer imported wait, and nothing is sent', async () => {
    received(1, { peer: carol.did })
    await turns()
    expect([sent, ledger.ofType('acks.delivered')]).toEqual([[], []])
  })

  it('are not lost to the peer when the delivery cannot be written down', async () => {
    const release = ledger.hold()
    received(1)
    ledger.fail('log_full')
    release()
    await outbox.settled()
    expect(sent).toHaveLength(1)
  })

  it('stop when the outbox is closed', async () => {
    status = () => 503
    received(1)
    await turns()
    outbox.close()
    clock.advance(1_000_000)
    await turns()
    expect([sent.length, clock.waiting]).toEqual([1, 0])
  })
})

describe('after a restart', () => {
  it('what was not delivered is sent, and what was is not', async () => {
    received(1)
    received(2, { withheld: true })
    await outbox.settled()
    received(3, { add: false, withheld: true })
    received(4, { add: false })
    sent = []
    outbox = fresh()
    for (const entry of ledger.entries) outbox.replay(entry)
    expect(sent).toEqual([])
    outbox.start()
    await outbox.settled()
    expect(sent).toMatchObject([{ calls: [id(3), id(4)], withheld: [true, false] }])
  })

  it('a delivery to one peer says nothing of another', async () => {
    received(1, { peer: alice.did, add: false })
    received(2)
    await outbox.settled()
    sent = []
    outbox = fresh()
    for (const entry of ledger.entries) outbox.replay(entry)
    outbox.start()
    await outbox.settled()
    expect(sent.map(({ calls }) => calls)).toEqual([[id(1)]])
  })
})

describe('an acknowledgement that goes alone', () => {
  const reserve = (n: number) => {
    const { seq, durable } = ledger.append({ type: 'receipt.received', peer: bob.did, call_id: id(n), receipt: hash })
    return outbox.reserve(bob.did, { seq, callId: id(n), receiptHash: hash, durable })
  }

  it('is not sent with the others, and counts as waiting until it was delivered', async () => {
    const reserved = reserve(1)
    received(2)
    await outbox.settled()
    expect([sent.map(({ calls }) => calls), outbox.waiting]).toEqual([[[id(2)]], 1])
    reserved.delivered()
    expect(outbox.waiting).toBe(0)
  })

  it('is sent with the others when it may not have arrived, and says that the result did not come', async () => {
    reserve(1).release()
    await outbox.settled()
    expect(sent).toMatchObject([{ calls: [id(1)], withheld: [true] }])
  })

  it('keeps the log from saying that everything up to a later one was delivered', async () => {
    const first = reserve(1)
    received(2)
    await outbox.settled()
    expect(ledger.ofType('acks.delivered')).toEqual([])
    first.release()
    await outbox.settled()
    expect(ledger.ofType('acks.delivered')).toMatchObject([{ ext: { through: 0, count: 1 } }])
  })

  it('is sent after a restart when nothing says that the result came, and not when it did', async () => {
    const awaited = {
      type: 'receipt.received',
      peer: bob.did,
      receipt: hash,
      result_c: hash,
      ext: { reveal: 'awaited', status: 'ok' },
    } as const
    for (const n of [1, 2, 3]) ledger.append({ ...awaited, call_id: id(n) })
    ledger.append({ type: 'result.received', peer: bob.did, call_id: id(1) })
    ledger.append({ type: 'result.missing', peer: bob.did, call_id: id(2) })
    const restarted = fresh()
    for (const entry of ledger.entries) restarted.replay(entry)
    restarted.start()
    await restarted.settled()
    expect(sent).toMatchObject([{ calls: [id(2), id(3)], withheld: [true, true] }])
  })
})
