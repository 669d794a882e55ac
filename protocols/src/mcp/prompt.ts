/** Prompts of MCP as the result of a capability of the kind `prompt`, and back. */
import { type PromptResult, promptResultSchema } from '../capability/kind-schemas.ts'
import { contentOfMcp, mcpOfContent } from './content.ts'
import type { McpContentBlock } from './content-block.ts'

/** What `prompts/get` returns. */
export type McpPrompt = {
  description?: string | undefined
  messages: { role: 'user' | 'assistant'; content: McpContentBlock }[]
}

export type PromptVerdict = { ok: true; prompt: PromptResult } | { ok: false; reason: string }

/** @returns the prompt, or why it is none. */
export function promptOfMcp({ description, messages }: McpPrompt): PromptVerdict {
  const read = contentOfMcp(messages.map(({ content }) => content))
  if (!read.ok) return read
  const made = messages.flatMap(({ role }, index) => {
    const content = read.content[index]
    return content === undefined ? [] : [{ role, content }]
  })
  const prompt = promptResultSchema.safeParse({ ...(description === undefined ? {} : { description }), messages: made })
  if (prompt.success) return { ok: true, prompt: prompt.data }
  return { ok: false, reason: prompt.error.issues[0]?.message ?? 'malformed' }
}

export function mcpOfPrompt({ description, messages }: PromptResult): McpPrompt {
  return {
    ...(description === undefined ? {} : { description }),
    messages: messages.flatMap(({ role, content }) =>
      mcpOfContent([content]).map((block) => ({ role, content: block })),
    ),
  }
}
