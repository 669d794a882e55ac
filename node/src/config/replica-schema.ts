/** `replica`: the manifests of other kernels that a node keeps, and whom it asks for them, each key with unit and default. */
import { z } from 'zod'

export const replicaSchema = z.strictObject({
  kernels: z
    .int()
    .min(100)
    .max(1_000_000)
    .describe('Kernels whose manifests are kept, at most. Default: 100000')
    .optional(),
  max_mib: z
    .int()
    .min(1)
    .max(16_384)
    .describe('What all of them may take as they were signed, MiB. Default: 256')
    .optional(),
  strangers_percent: z
    .int()
    .min(1)
    .max(100)
    .describe('Part of both that all unknown kernels together may fill with what they bring, percent. Default: 25')
    .optional(),
  neighbours: z
    .int()
    .min(1)
    .max(64)
    .describe('Kernels that are asked and told besides those that were joined through. Default: 5')
    .optional(),
  told_at_once: z
    .int()
    .min(1)
    .max(64)
    .describe('Neighbours that are told what is new as soon as it is known. Default: 3')
    .optional(),
  followed_at_once: z
    .int()
    .min(1)
    .max(16)
    .describe('Neighbours that are followed at a time, each by a question that is held back. Default: 3')
    .optional(),
  period_seconds: z
    .int()
    .min(1)
    .max(3_600)
    .describe('Between two questions to a neighbour that does not hold them back, or failed, seconds. Default: 5')
    .optional(),
  wait_seconds: z
    .int()
    .min(1)
    .max(25)
    .describe('For which a neighbour is asked to hold a question back, seconds. Default: 20')
    .optional(),
})
