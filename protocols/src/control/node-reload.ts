/** What reading the configuration of a running node again has come to. */
import { z } from 'zod'
import { capabilityRefSchema } from '../syntax/capability-id.ts'

const refs = z.array(capabilityRefSchema)

export const nodeReloadSchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    added: refs,
    removed: refs,
    changed: refs,
    rules: z.int().describe('Rules of the policy in force'),
    needsRestart: z.array(z.string().max(128)).describe('Keys whose new value takes a restart'),
  }),
  z.object({
    ok: z.literal(false),
    faults: z.array(z.string()).describe('One sentence each, with file and line; everything stays as it was'),
  }),
])
export type NodeReload = z.infer<typeof nodeReloadSchema>
