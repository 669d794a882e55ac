import { z } from 'zod'
import { labelsSchema } from '../capability/label.ts'

/** The four passes of a delegated call; a local call takes `ingress_args` and `egress_result` (security.md B7). */
export const firewallPasses = ['egress_args', 'ingress_args', 'egress_result', 'ingress_result'] as const
export type FirewallPass = (typeof firewallPasses)[number]

/** What one stage of one pass did. Stages that had nothing to do leave no verdict. Never holds content. */
export const verdictSchema = z.strictObject({
  pass: z.enum(firewallPasses),
  stage: z.enum(['size', 'parse', 'schema', 'secrets', 'labels', 'hidden_text', 'injection', 'flow', 'budget']),
  rule: z.string().max(128),
  action: z.enum(['allow', 'label', 'redact', 'drop', 'cut', 'block', 'approve']),
  count: z.int().min(0).optional().describe('How many values it touched'),
  paths: z.array(z.string().max(256)).max(16).optional().describe('Where, as JSON Pointers; the first few'),
  labels: labelsSchema.optional().describe('Labels added'),
})
export type Verdict = z.infer<typeof verdictSchema>
