/** From a verified payload to a typed object, or the first thing that does not fit its schema. */
import { type Ack, ackSchema, type Intent, intentSchema, type Receipt, receiptSchema } from '@hansa/protocols'
import type { z } from 'zod'
import { canonicalWriter } from '../json/canonical-writer.ts'

/** What `safeParse` of a schema returns, as far as it matters here. */
type SafeParse<T> =
  | { success: true; data: T }
  | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } }

export type PayloadReading<T> = { ok: true; value: T } | { ok: false; reason: string }

export const readIntent: (payload: unknown) => PayloadReading<Intent> = reader(intentSchema)
export const readReceipt: (payload: unknown) => PayloadReading<Receipt> = reader(receiptSchema)
export const readAck: (payload: unknown) => PayloadReading<Ack> = reader(ackSchema)

/** The compiled form decides, because these are on the path of every call; the schema says what is wrong with a misfit. */
function reader<T>(schema: z.ZodType<T>): (payload: unknown) => PayloadReading<T> {
  const check = canonicalWriter(schema)
  return (payload) => {
    if (check(payload) !== undefined) return { ok: true, value: payload as T }
    const read = reading(schema.safeParse(payload))
    return read.ok ? { ok: false, reason: 'schema: payload: does not fit' } : read
  }
}

/** @returns the data, or where the first fault is and what it is. Shared with the other readers of signed objects. */
export function reading<T>(parsed: SafeParse<T>): PayloadReading<T> {
  if (parsed.success) return { ok: true, value: parsed.data }
  const issue = parsed.error.issues[0]
  const where = issue?.path.map(String).join('.') ?? ''
  return { ok: false, reason: `schema: ${where === '' ? 'payload' : where}: ${issue?.message ?? 'does not fit'}` }
}
