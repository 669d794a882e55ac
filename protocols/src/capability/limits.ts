import { z } from 'zod'

/** Bounds of one capability, stated by the kernel that serves it. */
export const limitsSchema = z.strictObject({
  max_rows: z.int().min(0).max(1_000_000).optional().describe('Rows of a result table'),
  max_bytes: z.int().min(1).max(8_388_608).optional().describe('Bytes of a result'),
  timeout_ms: z.int().min(1).max(600_000).optional().describe('Milliseconds that the driver may take'),
  calls_per_minute: z
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe('Calls per 60 s and principal; the default follows the safety class'),
  concurrent: z.int().min(1).max(100_000).optional().describe('Calls of one principal at the same time'),
})
export type Limits = z.infer<typeof limitsSchema>
