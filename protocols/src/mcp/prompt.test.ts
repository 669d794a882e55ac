import { describe, expect, it } from 'vitest'
import type { PromptResult } from '../capability/kind-schemas.ts'
import { mcpOfPrompt, promptOfMcp } from './prompt.ts'

const prompt: PromptResult = {
  description: 'Looks at code.',
  messages: [
    { role: 'user', content: { type: 'text', text: 'Look at this.' } },
    { role: 'assistant', content: { type: 'file', mediaType: 'image/png', bytes: 'AAAA' } },
    { role: 'user', content: { type: 'data', data: { line: 7 } } },
  ],
}

describe('a prompt of MCP', () => {
  it('comes back as it was', () => {
    expect(promptOfMcp(mcpOfPrompt(prompt))).toEqual({ ok: true, prompt })
  })

  it('is refused with more messages than there may be, and with content that is none', () => {
    const message = { role: 'user', content: { type: 'text', text: 'x' } } as const
    expect(promptOfMcp({ messages: Array.from({ length: 257 }, () => message) }).ok).toBe(false)
    const broken = { role: 'user', content: { type: 'image', data: '%', mimeType: 'image/png' } } as const
    expect(promptOfMcp({ messages: [broken] }).ok).toBe(false)
  })
})
