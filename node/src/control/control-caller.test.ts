import { describe, expect, it } from 'vitest'
import { type AgentIdentity, clientOf } from './control-caller.ts'

const identity: AgentIdentity = { name: 'desk', principal: 'agent:desk', issuer: 'corp', removed: AbortSignal.any([]) }
const client = (over: Partial<AgentIdentity> = {}) =>
  clientOf({ scope: 'agent', agent: { ...identity, ...over } }, 'agent:desk')

describe(clientOf, () => {
  it.each<[string, Partial<AgentIdentity>]>([
    ['another issuer', { issuer: 'other' }],
    ['another person', { onBehalfOf: 'person:mallory' }],
    ['another scope', { scope: ['files.*'] }],
    ['a token of one call', { token: 'hkt1.x.y' }],
  ])('tells %s apart, though the agent is the same', (_what, over) => {
    expect(client(over)).not.toBe(client())
    expect(client(over)).toBe(client(over))
  })

  it('holds nothing of a token', () => {
    expect(client({ token: 'hkt1.secret' })).not.toContain('secret')
  })
})
