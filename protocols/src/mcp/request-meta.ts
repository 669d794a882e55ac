/** What an MCP client may say of a call in `_meta`, besides what MCP defines; everything else there means nothing to a kernel. */
import { z } from 'zod'
import { approvalIdSchema } from '../syntax/ids.ts'

export const MCP_PURPOSE_META = 'hansa/purpose'
export const MCP_APPROVAL_META = 'hansa/approval'
export const MCP_IDEMPOTENCY_META = 'hansa/idempotency-key'
/** Where a result says which call it is of, and where that is in the logs. */
export const MCP_CALL_META = 'hansa/call'
/** Where a result says why the call was refused: code, denial, approval. */
export const MCP_ERROR_META = 'hansa/error'
/** Where a tool, a prompt or a resource says which capability it is. */
export const MCP_CAPABILITY_META = 'hansa/capability'

export const mcpRequestMetaSchema = z.object({
  [MCP_PURPOSE_META]: z.string().min(1).max(256).optional().describe('Why; policies may demand one'),
  [MCP_APPROVAL_META]: approvalIdSchema.optional().describe('An approval that was granted for exactly this action'),
  [MCP_IDEMPOTENCY_META]: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('The same key and arguments within 24 h give the stored result'),
})
