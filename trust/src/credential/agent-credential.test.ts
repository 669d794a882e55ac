import { describe, expect, it } from 'vitest'
import { agentCredentialHash, isAgentCredential, newAgentCredential } from './agent-credential.ts'

/** Fixed, so that other programs that check the form can be checked against it. */
const KNOWN = 'hansa_agent_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGm3Asg'

describe('the credential of an agent', () => {
  it('is a prefix, 256 random bits and a checksum, and never the same twice', () => {
    const made = Array.from({ length: 100 }, newAgentCredential)
    expect(new Set(made).size).toBe(100)
    for (const credential of made) {
      expect(credential).toMatch(/^hansa_agent_[A-Za-z0-9_-]{49}$/)
      expect(isAgentCredential(credential)).toBe(true)
    }
  })

  it('has a checksum that other programs can compute', () => {
    expect(isAgentCredential(KNOWN)).toBe(true)
  })

  it('is told from a mistyped one, wherever the mistake is', () => {
    const credential = newAgentCredential()
    for (let at = 'hansa_agent_'.length; at < credential.length; at += 1) {
      const other = credential[at] === 'x' ? 'y' : 'x'
      expect(isAgentCredential(credential.slice(0, at) + other + credential.slice(at + 1)), `at ${at}`).toBe(false)
    }
  })

  it.each([
    ['a cut one', KNOWN.slice(0, -1)],
    ['a longer one', `${KNOWN}A`],
    ['one with a line end', `${KNOWN}\n`],
    ['another prefix', KNOWN.replace('hansa_agent_', 'hansa_admin_')],
    ['nothing', ''],
  ])('is not %s', (_what, text) => {
    expect(isAgentCredential(text)).toBe(false)
  })

  it('is kept as 32 bytes that say nothing of it', () => {
    const credential = newAgentCredential()
    const hash = agentCredentialHash(credential)
    expect(hash).toHaveLength(32)
    expect(agentCredentialHash(credential)).toEqual(hash)
    expect(Buffer.from(hash).toString('base64url')).not.toBe(credential.slice(12, 55))
  })
})
