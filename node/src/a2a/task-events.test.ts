import type { A2aEvent } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { TaskEvents } from './task-events.ts'

const event = (state: string) => ({ statusUpdate: { taskId: 't', status: { state } } }) as A2aEvent
async function all(events: AsyncIterable<A2aEvent>): Promise<A2aEvent[]> {
  const seen: A2aEvent[] = []
  for await (const one of events) seen.push(one)
  return seen
}

describe(TaskEvents, () => {
  it('tells all who follow the same, in order, each from where it began', async () => {
    const events = new TaskEvents()
    const first = events.follow('k', event('0'))
    events.tell('k', event('1'))
    const second = events.follow('k', event('1'))
    events.tell('other', event('x'))
    events.tell('k', event('2'))
    events.end('k')
    events.tell('k', event('3'))
    expect(await all(first)).toEqual([event('0'), event('1'), event('2')])
    expect(await all(second)).toEqual([event('1'), event('2')])
  })

  it('lets go of who does not read, and the others hear on', async () => {
    const events = new TaskEvents()
    const slow = events.follow('k', event('0'))
    for (let at = 1; at < 1_100; at++) events.tell('k', event(String(at)))
    const fresh = events.follow('k', event('now'))
    events.tell('k', event('end'))
    events.endAll()
    expect(await all(slow)).toHaveLength(1_000)
    expect(await all(fresh)).toEqual([event('now'), event('end')])
  })

  it('ends for who leaves while it waits, and for nobody else', async () => {
    const events = new TaskEvents()
    const [one, other] = [events.follow('k', event('0')), events.follow('k', event('0'))]
    const reading = all(one)
    await Promise.resolve()
    one.leave()
    expect((await reading).length).toBeLessThanOrEqual(1)
    events.tell('k', event('1'))
    events.end('k')
    expect(await all(other)).toEqual([event('0'), event('1')])
  })
})
