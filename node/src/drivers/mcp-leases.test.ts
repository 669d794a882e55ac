import type { InputMethod } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import { McpLeases } from './mcp-leases.ts'
import type { McpLink } from './mcp-link.ts'

const asks: InputMethod[] = ['elicitation/create']
const never = new AbortController().signal

function ground() {
  const clock = manualClock()
  const closed: number[] = []
  let opened = 0
  const open = async () => {
    const number = opened++
    return { number, close: async () => void closed.push(number) } as unknown as McpLink
  }
  const leases = new McpLeases(clock, open)
  const take = (principal: string, abilities = asks, signal = never) => leases.take(abilities, principal, signal)
  return { clock, closed, leases, take, opened: () => opened }
}

const full = ['agent:ada', 'agent:ben'].flatMap((name) => [name, name, name, name])

describe(McpLeases, () => {
  it('gives a connection to one caller at a time, and the one that was used last to the next', async () => {
    const given = ground()
    const [first, second] = [await given.take('agent:ada'), await given.take('agent:ada')]
    expect(second.link).not.toBe(first.link)
    first.release()
    second.release()
    expect((await given.take('agent:ben')).link).toBe(second.link)
    expect(given.opened()).toBe(2)
  })

  it('gives none to a caller that can be asked something else', async () => {
    const given = ground()
    const first = await given.take('agent:ada')
    first.release()
    expect((await given.take('agent:ada', ['roots/list'])).link).not.toBe(first.link)
  })

  it('counts a release once, however often it is said', async () => {
    const given = ground()
    const first = await given.take('agent:ada')
    first.release()
    const again = await given.take('agent:ben')
    first.release()
    expect((await given.take('agent:cleo')).link).not.toBe(again.link)
  })

  it('closes a connection that nobody has used for a minute', async () => {
    const given = ground()
    const first = await given.take('agent:ada')
    first.release()
    given.clock.advance(59_000)
    expect(given.closed).toEqual([])
    given.clock.advance(1_000)
    expect(given.closed).toEqual([0])
    await given.take('agent:ada')
    expect(given.opened()).toBe(2)
  })

  it('has the ninth wait until one of eight is given back, and gives up with its caller', async () => {
    const given = ground()
    const held = await Promise.all(full.map((name) => given.take(name)))
    const leave = new AbortController()
    const impatient = given.take('agent:cleo', asks, leave.signal)
    const patient = given.take('agent:dora')
    leave.abort(new Error('gone'))
    await expect(impatient).rejects.toThrow('gone')
    held[3]?.release()
    expect((await patient).link).toBe(held[3]?.link)
    expect(given.opened()).toBe(8)
  })

  it('closes one that is free where another kind is needed and there is no room', async () => {
    const given = ground()
    const held = await Promise.all(full.map((name) => given.take(name)))
    held[5]?.release()
    await given.take('agent:cleo', ['roots/list'])
    expect(given.closed).toEqual([5])
  })

  it('gives mallory four at the same time, so that others have some', async () => {
    const given = ground()
    await Promise.all([1, 2, 3, 4].map(() => given.take('agent:mallory')))
    await expect(given.take('agent:mallory')).rejects.toMatchObject({
      detail: { code: 'backend_failed', began: false },
    })
    await given.take('agent:ada')
  })

  it('makes room when a connection was lost, or could not be opened', async () => {
    const given = ground()
    const held = await Promise.all(full.map((name) => given.take(name)))
    const waiting = given.take('agent:cleo')
    expect(given.leases.lose(held[0]?.link as McpLink)).toBe(true)
    expect(given.leases.lose(held[0]?.link as McpLink)).toBe(false)
    expect((await waiting).link).toMatchObject({ number: 8 })
    const failing = new McpLeases(given.clock, () => Promise.reject(new Error('nobody answers')))
    for (let time = 0; time < 10; time += 1)
      await expect(failing.take(asks, 'agent:ada', never)).rejects.toThrow('nobody answers')
  })
})
