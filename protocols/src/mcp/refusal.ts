/** A JSON-RPC error of an MCP server, as the one data part of a failed call, where a client can mend what it is about. */
import { z } from 'zod'

/** Invalid params (an unknown resource, too), a resource that is not there (until 2025-11-25), a missing client capability. */
const codes = [-32_602, -32_002, -32_021] as const

export const mcpRefusalSchema = z.strictObject({
  code: z.literal(codes),
  message: z.string().max(4096),
  data: z.unknown().optional(),
})
