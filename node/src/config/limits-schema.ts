/** `limits`: bounds of a node, each with its unit and default. */
import { z } from 'zod'

export const nodeLimitsSchema = z.strictObject({
  calls_per_peer: z
    .int()
    .min(1)
    .max(100_000)
    .describe('Calls of one peer at the same time, and calls to one peer. Default: 64')
    .optional(),
  calls_per_principal: z
    .int()
    .min(1)
    .max(100_000)
    .describe('Calls of one principal to one capability at the same time. Default: 8')
    .optional(),
  calls: z.int().min(4).max(1_000_000).describe('Calls at the same time, of everybody. Default: 1024').optional(),
  local_reserve_percent: z
    .int()
    .min(0)
    .max(90)
    .describe('Part of limits.calls that is left for agents of this node, percent. Default: 25')
    .optional(),
  drain_seconds: z
    .int()
    .min(1)
    .max(3600)
    .describe('Time that running calls have when the node is told to stop, seconds. Default: 30')
    .optional(),
  log_max_gib: z
    .int()
    .min(0)
    .max(1_048_576)
    .describe(
      'What the files of the log may take on disk, GiB; at the limit no new call is taken. Frozen logs do not count. 0: only the disk limits it. Default: 0',
    )
    .optional(),
  log_reserve_mib: z
    .int()
    .min(1)
    .max(65_536)
    .describe('Disk that the log keeps free for its last entries when the rest runs full, MiB. Default: 64')
    .optional(),
})
