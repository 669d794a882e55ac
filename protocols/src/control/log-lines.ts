/** The last lines that a running node wrote for its operator, read over the control interface. */
import { z } from 'zod'
import { callIdSchema } from '../syntax/ids.ts'

/** Gravest last. */
export const lineLevels = ['debug', 'info', 'warn', 'error'] as const

export const logLinesParamsSchema = z.strictObject({
  after: z.int().min(0).optional().describe('`next` of an answer: only what came after it. Without it the last lines'),
  limit: z.int().min(1).max(10_000).optional().describe('Lines of one answer, 1000 unless it says otherwise'),
  level: z.enum(lineLevels).optional().describe('This one and graver ones'),
  callId: callIdSchema.optional().describe('Only lines about this call'),
  since: z.int().min(0).optional().describe('Unix milliseconds: only lines from then on'),
  waitMs: z.int().min(0).max(30_000).optional().describe('Milliseconds to wait for a line when there is none yet'),
})
export type LogLinesParams = z.infer<typeof logLinesParamsSchema>

export const logLineSchema = z
  .looseObject({
    level: z.enum(lineLevels),
    time: z.string().max(64).describe('UTC, with milliseconds'),
    event: z.string().max(128),
  })
  .describe('A line as it was written: level, time, event, and the fields of the event')
export type LogLine = z.infer<typeof logLineSchema>

export const logLinesSchema = z.object({
  lines: z.array(logLineSchema).max(10_000).describe('Oldest first'),
  next: z.int().min(0).describe('Asked with as `after`, brings what comes next'),
  missed: z.int().min(0).describe('Lines after `after` that were forgotten before they were asked for'),
})
export type LogLines = z.infer<typeof logLinesSchema>
