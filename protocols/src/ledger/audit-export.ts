/**
 * What one kernel hands to another of its log: JSON Lines. The first line is a header, then one line for each entry that
 * concerns the peer, in order, each with its proof under the checkpoint of the header; the last line counts them.
 * Nothing in it is about anybody else but hashes.
 */
import { z } from 'zod'
import { base64urlSchema, hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { unixMsSchema, unixSecondsSchema } from '../syntax/time.ts'

/** Bytes of the longest line: an entry as base64url, its path, and the names around them. */
export const MAX_EXPORT_LINE_BYTES = 524_288

export const auditExportHeaderSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('hansa-audit-export'),
  kernel: didSchema.describe('Whose log it is'),
  peer: didSchema.describe('Whom the entries concern'),
  log: z.strictObject({ origin: z.string().max(512), vkey: z.string().max(512) }),
  checkpoint: z.string().max(65_536).describe('C2SP signed note; every proof leads to its root'),
  from: z.int().min(0).describe('First sequence number that was looked at'),
  from_ms: unixMsSchema.describe('Time of that entry'),
  through_ms: unixMsSchema.describe('Time of the last entry under the checkpoint'),
  created: unixSecondsSchema,
  manifest: z.string().max(262_144).optional().describe('Compact JWS: the kernel names the key of its log'),
})
export type AuditExportHeader = z.infer<typeof auditExportHeaderSchema>

export const auditExportEntrySchema = z.strictObject({
  seq: z.int().min(0),
  entry: base64urlSchema(65_535).describe('The bytes of the leaf'),
  path: z.array(hashSchema).max(64).describe('RFC 6962 inclusion path, from the leaf upwards'),
})
export type AuditExportEntry = z.infer<typeof auditExportEntrySchema>

export const auditExportEndSchema = z.strictObject({ end: z.literal(true), entries: z.int().min(0) })
export type AuditExportEnd = z.infer<typeof auditExportEndSchema>
