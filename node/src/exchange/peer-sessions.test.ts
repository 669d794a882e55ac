import type { OutboundSession } from '@hansa/mesh'
import type { Did } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { bob, carol } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { isRefusal } from '../kernel/stages.ts'
import { aSession } from '../testing/calls.ts'
import { PeerSessions } from './peer-sessions.ts'

function sessions(
  open?: (count: number) => Promise<OutboundSession | { refused: 'handshake_failed'; reason: string }>,
) {
  const clock = manualClock()
  let opened = 0
  const make = (peer = bob.did) =>
    aSession({ peer, sid: `${opened}`.padStart(22, 'S'), at: Math.floor(clock.now() / 1000) })
  let unbound: (peer: Did) => void = () => {}
  const transport = {
    onUnbound: (ended: typeof unbound) => {
      unbound = ended
    },
  }
  const held = new PeerSessions({
    clock,
    transport,
    open: async (peer) => {
      opened += 1
      return open === undefined ? make(peer) : open(opened)
    },
  })
  return {
    clock,
    held,
    make,
    unbind: () => unbound(bob.did),
    get: () => held.get(bob.did, 'https://bob.example'),
    opened: () => opened,
  }
}

describe('a session', () => {
  it('is opened once for many calls at once, and shared', async () => {
    const { get, opened } = sessions()
    const all = await Promise.all(Array.from({ length: 50 }, get))
    expect([new Set(all).size, opened()]).toEqual([1, 1])
    expect(await get()).toBe(all[0])
  })

  it('is one per peer', async () => {
    const { held, get, opened } = sessions()
    await get()
    await held.get(carol.did, 'https://carol.example')
    expect(opened()).toBe(2)
  })

  it('is replaced before it ends', async () => {
    const { clock, get, opened } = sessions()
    const first = await get()
    clock.advance(719_000)
    expect(await get()).toBe(first)
    clock.advance(1_000)
    expect(await get()).not.toBe(first)
    expect(opened()).toBe(2)
  })

  it('is dropped when the peer no longer knows it, but not the one that came after', async () => {
    const { held, get } = sessions()
    const first = await get()
    if (isRefusal(first)) throw new Error('refused')
    held.drop(bob.did, first.sid)
    const second = await get()
    held.drop(bob.did, first.sid)
    expect(await get()).toBe(second)
  })

  it('ends with the channel that it is bound to, also when that closes while it is opened', async () => {
    const { get, unbind, opened } = sessions()
    const first = await get()
    unbind()
    const second = get()
    unbind()
    expect(await second).not.toBe(first)
    const third = await get()
    expect([opened(), await get()]).toEqual([3, third])
  })

  it('that was refused is tried again with the next call', async () => {
    const { get, opened } = sessions(async () => ({ refused: 'handshake_failed', reason: 'no' }))
    expect([await get(), await get()]).toMatchObject([{ refused: 'handshake_failed' }, { refused: 'handshake_failed' }])
    expect(opened()).toBe(2)
  })

  it('whose opening throws does not stay in the way', async () => {
    const { get, opened } = sessions(() => Promise.reject(new Error('a bug')))
    await expect(get()).rejects.toThrow('a bug')
    await expect(get()).rejects.toThrow('a bug')
    expect(opened()).toBe(2)
  })
})
