import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'

const count = z.int().min(0)

export const kernelStatusSchema = z.object({
  did: didSchema,
  name: z.string().max(128),
  endpoint: z.string().max(2048).nullable().describe('Base URL at which peers reach it'),
  uptime: count.describe('Seconds since start'),
  log: z.object({
    origin: z.string().max(512),
    vkey: z.string().max(512),
    size: count.describe('Entries'),
    root: hashSchema,
    bytes: count.describe('Of its files, without the reserve'),
    full: z.boolean().describe('No call is taken: the disk or the limit leaves no room'),
    maxBytes: count.optional().describe('What its files may take; absent when only the disk limits it'),
    used: z.number().min(0).max(1).optional().describe('Part of what calls may take of the limit that is taken'),
  }),
  policy: z.object({
    version: count,
    rules: count,
    faults: z
      .array(z.string())
      .describe('Why the files are not what is in force, one sentence each; absent when they are')
      .optional(),
  }),
  capabilities: count,
  peers: count,
  pendingApprovals: count,
  content: z
    .object({
      keep: z.string().max(32).describe('none, arguments, results or all'),
      bytes: count.describe('Of what is kept now'),
    })
    .optional()
    .describe('Content of calls; absent when nothing is kept on a disk'),
  witnessing: z
    .object({
      vkey: z.string().max(4096).describe('Under which this kernel cosigns the logs of others'),
      cosigned: count.describe('Logs of others that it has cosigned'),
      logs: z
        .array(z.object({ origin: z.string().max(512), size: count, time: count }))
        .max(100)
        .describe('The first 100 of them, with what it cosigned last, Unix seconds'),
      forks: z
        .array(
          z.object({
            peer: didSchema,
            claim: z.enum(['two_roots', 'other_prefix', 'unproven']),
            origin: z.string().max(512),
            at: count,
          }),
        )
        .max(100)
        .describe('Kernels with two histories, or that did not show that they have one'),
      own: z
        .object({
          state: z
            .enum(['quorum', 'waiting', 'degraded'])
            .describe('Whether a quorum covers every entry; degraded after ten minutes without'),
          size: count.describe('Entries under the last checkpoint that a quorum cosigned'),
          since: count.optional().describe('Since when entries wait for a quorum, Unix seconds'),
          writes: z.boolean().describe('Whether calls that change something are taken'),
          witnesses: z.array(
            z.object({
              name: z.string().max(512),
              vkey: z.string().max(4096),
              url: z.string().max(2048),
              size: count.optional().describe('Entries that it cosigned last'),
              time: count.optional().describe('When, Unix seconds'),
              fault: z.string().max(512).optional().describe('Why its last answer does not count'),
            }),
          ),
        })
        .optional()
        .describe('Of the own log; absent when no witness is configured'),
    })
    .optional(),
})
export type KernelStatus = z.infer<typeof kernelStatusSchema>
