/** What a call says before it ends, as MCP tells it: progress to whoever gave a token for it, and lines of a log. */
import type { CallNote } from '@hansa/protocols'
import type { ServerContext } from '@modelcontextprotocol/server'

export function noteRelay({ mcpReq }: ServerContext): (note: CallNote) => void {
  const progressToken = mcpReq._meta?.progressToken
  return (note) => {
    // Nobody may be there any more to hear it; the call ends by its signal then.
    if (note.type === 'log') void mcpReq.log(note.level, note.data, note.logger).catch(() => {})
    if (note.type !== 'progress' || progressToken === undefined) return
    const { type: _type, ...params } = note
    void mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...params } }).catch(() => {})
  }
}
