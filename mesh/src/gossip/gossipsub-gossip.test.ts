import { sha256 } from '@hansa/trust'
import { alice, bob, carol, mallory } from '@hansa/trust/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { MeshHost } from '../host/mesh-host.ts'
import { openTestHost, type TestHostInit } from '../testing/test-host.ts'
import { gossipTopics } from './gossip.ts'
import { standingScore } from './gossip-score.ts'
import { gossipMessage, isBody, KeptBodies, readMessage } from './large-bodies.ts'
import { MAX_BODY_BYTES, MAX_GOSSIP_BYTES, PX_SCORE } from './limits.ts'

const open: MeshHost[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((host) => host[Symbol.asyncDispose]()))
})
const loopback: TestHostInit = { network: 'internet', listen: ['/ip4/127.0.0.1/tcp/0'], allowPrivate: true }
const host = async (signer: typeof alice) => {
  const opened = await openTestHost(signer, loopback)
  open.push(opened)
  return opened
}
const { manifests } = gossipTopics

async function spread(from: MeshHost, text: string | Uint8Array, heard: () => boolean): Promise<void> {
  await from.gossip.publish(manifests, Buffer.from(text))
  await vi.waitFor(() => expect(heard(), String(text)).toBe(true), { timeout: 20_000 })
}

describe('gossip between hosts', () => {
  it('passes on what was accepted, from host to host, once each', async () => {
    const [a, b, c] = await Promise.all([host(alice), host(bob), host(carol)])
    const heard: string[] = []
    const from: string[] = []
    b.gossip.subscribe(manifests, async () => 'accept')
    c.gossip.subscribe(manifests, async (message, by) => {
      heard.push(Buffer.from(message).toString())
      from.push(by)
      return 'accept'
    })
    await a.dial(b.addresses()[0] ?? '')
    await b.dial(c.addresses()[0] ?? '')
    await spread(b, 'from bob', () => heard.includes('from bob'))
    await spread(a, 'from alice', () => heard.includes('from alice'))
    expect(heard).toEqual(['from bob', 'from alice'])
    expect(from).toEqual([b.peerId, b.peerId])
  })

  it('does not pass on what was ignored or rejected', async () => {
    const [a, b, c] = await Promise.all([host(mallory), host(bob), host(carol)])
    const atB: string[] = []
    const atC: string[] = []
    b.gossip.subscribe(manifests, async (message) => {
      const text = Buffer.from(message).toString()
      atB.push(text)
      return text === 'good' ? 'accept' : text === 'dull' ? 'ignore' : 'reject'
    })
    c.gossip.subscribe(manifests, async (message) => {
      atC.push(Buffer.from(message).toString())
      return 'accept'
    })
    await a.dial(b.addresses()[0] ?? '')
    await b.dial(c.addresses()[0] ?? '')
    await spread(b, 'from bob', () => atC.includes('from bob'))
    await spread(a, 'bad', () => atB.includes('bad'))
    await spread(a, 'dull', () => atB.includes('dull'))
    await spread(a, 'good', () => atC.includes('good'))
    expect(atC).toEqual(['from bob', 'good'])
  })

  it('fetches what is too large to be passed on from whoever passed it on, over two hosts', async () => {
    const [a, b, c] = await Promise.all([host(alice), host(bob), host(carol)])
    const large = Buffer.alloc(200_000, 'manifest ')
    const sizes: number[] = []
    b.gossip.subscribe(manifests, async () => 'accept')
    c.gossip.subscribe(manifests, async (message) => {
      sizes.push(message.length)
      return 'accept'
    })
    await a.dial(b.addresses()[0] ?? '')
    await b.dial(c.addresses()[0] ?? '')
    await spread(b, 'from bob', () => sizes.length > 0)
    await spread(a, large, () => sizes.length > 1)
    expect(sizes).toEqual([8, large.length])
  })

  it('reads nothing more of a neighbour that sends what does not verify', async () => {
    const [m, b] = await Promise.all([host(mallory), host(bob)])
    let judged = 0
    b.gossip.subscribe(manifests, async () => {
      judged++
      return 'reject'
    })
    await m.dial(b.addresses()[0] ?? '')
    for (let n = 1; n <= 4; n++) await spread(m, `lie ${n}`, () => judged === n)
    let came = () => {}
    b.onChannel(() => came())
    // Scores are looked at again every second. A channel is answered after what was sent before it over the connection.
    await vi.waitFor(
      async () => {
        const before = judged
        await m.gossip.publish(manifests, Buffer.from(`another lie after ${before}`))
        const answered = new Promise<void>((settle) => {
          came = settle
        })
        const channel = await m.openChannel(b.addresses()[0] ?? '')
        await answered
        channel.close('answered')
        expect(judged).toBe(before)
      },
      { timeout: 20_000, interval: 100 },
    )
  })

  it('takes one taker for a topic', async () => {
    const a = await host(alice)
    const end = a.gossip.subscribe(manifests, async () => 'accept')
    expect(() => a.gossip.subscribe(manifests, async () => 'accept')).toThrow(RangeError)
    end()
    a.gossip.subscribe(manifests, async () => 'accept')
  })
})

describe('a message', () => {
  it('is the object itself while it is small, and its hash when it is large', () => {
    const small = Buffer.from('small')
    expect(readMessage(gossipMessage(small))).toEqual({ whole: small })
    const large = Buffer.alloc(MAX_GOSSIP_BYTES)
    const message = gossipMessage(large)
    expect(message.length).toBeLessThan(64)
    expect(readMessage(message)).toEqual({ hash: sha256(large), bytes: large.length })
    expect(() => gossipMessage(Buffer.alloc(MAX_BODY_BYTES + 1))).toThrow(RangeError)
  })

  it.each([
    ['nothing', []],
    ['no object', [0]],
    ['another form', [2, 1, 1]],
    ['half a reference', [1, 2, 3]],
    ['a reference to something small', [1, ...new Uint8Array(32), 0, 0, 0, 9]],
    ['a reference to more than anything has', [1, ...new Uint8Array(32), 255, 0, 0, 0]],
  ])('is not read when it is %s', (_, message) => {
    expect(readMessage(Uint8Array.from(message))).toBeUndefined()
  })

  it('is not the body that a neighbour made up', () => {
    const body = Buffer.alloc(MAX_GOSSIP_BYTES, 'a')
    const named = { hash: sha256(body), bytes: body.length }
    expect(isBody(body, named)).toBe(true)
    expect(isBody(Buffer.alloc(MAX_GOSSIP_BYTES, 'b'), named)).toBe(false)
  })
})

it('large bodies are kept for neighbours within a bound, the newest', () => {
  const kept = new KeptBodies()
  const bodies = Array.from({ length: 40 }, (_, at) => Buffer.alloc(MAX_BODY_BYTES, at))
  for (const body of bodies) kept.keep(body)
  const held = bodies.filter((body) => kept.get(sha256(body)) !== undefined)
  expect(held).toEqual(bodies.slice(-32))
})

it('only a neighbour in good standing may name others', () => {
  expect(standingScore(700)).toBe(PX_SCORE)
  expect(standingScore(699)).toBe(0)
  expect(standingScore(undefined)).toBe(0)
  expect(standingScore(0)).toBeLessThan(0)
})
