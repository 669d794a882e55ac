/** What is logged of MCP clients of a node. */
export const mcpLogEvents = {
  'mcp.request_failed': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'A request of an MCP client, or what it watches, failed for a reason of this node.',
    todo: 'A fault of Hansa is worth a report with this line.',
  },
  'mcp.request_refused': {
    level: 'debug',
    fields: ['reason'],
    means:
      'A request of an MCP client was malformed, for another revision, or contradicted its headers; the client was told.',
    todo: 'Nothing, unless a client of yours does not work.',
  },
  'mcp.watch_ended': {
    level: 'debug',
    fields: ['code'],
    means: 'A resource is not watched any more, because the call that did was refused or failed.',
    todo: 'The reason is in its outcome entry in the log.',
  },
} as const
