import { z } from 'zod'

/** Confidentiality labels on data: facts about it, joined by union and never removed by a peer (security.md B6, B7). */
export const labelSchema = z
  .string()
  .max(72)
  .regex(/^(?:PII|PCI|SECRET|TENANT:[a-z0-9._-]{1,64})$/, 'not PII, PCI, SECRET or TENANT:x')
export type Label = string

export const labelsSchema = z.array(labelSchema).max(32)
