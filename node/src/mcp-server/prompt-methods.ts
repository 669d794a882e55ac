/** prompts/list and prompts/get. */
import { CallError, mcpOfPrompt, promptResultSchema } from '@hansa/protocols'
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'
import type { Serving } from './kernel-server.ts'
import { listedPrompt } from './listed-tool.ts'
import { pageOf } from './page.ts'
import { callMeta, inputRequiredResult, protocolError } from './results.ts'
import { unknownCursor } from './tool-methods.ts'

export function servePrompts({ server, calling, listings, pageSize, calls, client }: Serving): void {
  server.setRequestHandler('prompts/list', async ({ params }) => {
    const { prompts } = await listings.of(calling)
    const { items, ...more } = pageOf(prompts, params?.cursor, pageSize) ?? unknownCursor()
    return { prompts: items.map(listedPrompt), ...more }
  })
  server.setRequestHandler('prompts/get', async ({ params }, context) => {
    const { prompts } = await listings.of(calling)
    const listed = prompts.get(params.name)
    if (listed === undefined) throw unknownPrompt()
    const { ref } = listed.info
    try {
      const outcome = await calls.call(calling, { ref, args: params.arguments ?? {}, context, client: client() })
      if ('state' in outcome) return inputRequiredResult(outcome)
      return { ...mcpOfPrompt(promptResultSchema.parse(outcome.frame.value)), ...callMeta(outcome.frame) }
    } catch (error) {
      if (error instanceof CallError && error.detail.code === 'not_found') throw unknownPrompt()
      throw protocolError(error)
    }
  })
}

/** The same for what does not exist and for what is not to be seen. */
function unknownPrompt(): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown prompt: list what there is with prompts/list')
}
