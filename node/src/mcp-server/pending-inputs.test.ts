import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import { type PendingInput, PendingInputs } from './pending-inputs.ts'

const input = (over: Partial<PendingInput> = {}): PendingInput => ({
  owner: 'agent alice',
  method: 'tools/call',
  action: 'hash',
  callId: 'A'.repeat(22),
  requests: { name: { method: 'elicitation/create', params: {} } },
  ...over,
})

describe('the state that an MCP client repeats', () => {
  it('finds the call again, for who was given it and what it was given for', () => {
    const pending = new PendingInputs({ clock: manualClock() })
    const state = pending.keep(input())
    expect(state).not.toContain('A'.repeat(22))
    expect(pending.find(state, 'agent alice', 'tools/call')).toMatchObject(input())
  })

  it.each<[string, (state: string) => [string, string, string]]>([
    ['in another method', (state) => [state, 'agent alice', 'prompts/get']],
    ['with another name', (state) => [state, 'agent mallory', 'tools/call']],
    ['forged', () => ['A'.repeat(22), 'agent alice', 'tools/call']],
    ['cut', (state) => [state.slice(1), 'agent alice', 'tools/call']],
    ['that is a member of every object', () => ['constructor', 'agent alice', 'tools/call']],
  ])('finds nothing for mallory who shows one %s', (_how, of) => {
    const pending = new PendingInputs({ clock: manualClock() })
    expect(pending.find(...of(pending.keep(input())))).toBeUndefined()
  })

  it('is good for ten minutes', () => {
    const clock = manualClock()
    const pending = new PendingInputs({ clock })
    const state = pending.keep(input())
    clock.advance(599_999)
    expect(pending.find(state, 'agent alice', 'tools/call')).toBeDefined()
    clock.advance(1)
    expect(pending.find(state, 'agent alice', 'tools/call')).toBeUndefined()
  })

  it('is good for nothing once the call went on', () => {
    const pending = new PendingInputs({ clock: manualClock() })
    const state = pending.keep(input())
    pending.forget(input().callId)
    expect(pending.find(state, 'agent alice', 'tools/call')).toBeUndefined()
  })

  it('of others is not forgotten however many mallory collects', () => {
    const pending = new PendingInputs({ clock: manualClock() })
    const state = pending.keep(input())
    for (let at = 0; at < 200; at += 1) pending.keep(input({ owner: 'agent mallory' }))
    expect(pending.find(state, 'agent alice', 'tools/call')).toBeDefined()
  })
})
