/** From a verified payload to a typed object, or the first thing that does not fit its schema. */
import { type Ack, ackSchema, type Intent, intentSchema, type Receipt, receiptSchema } from '@hansa/protocols'

/** What `safeParse` of a schema returns, as far as it matters here. */
type SafeParse<T> =
  | { success: true; data: T }
  | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } }

export type PayloadReading<T> = { ok: true; value: T } | { ok: false; reason: string }

export function readIntent(payload: unknown): PayloadReading<Intent> {
  return reading(intentSchema.safeParse(payload))
}

export function readReceipt(payload: unknown): PayloadReading<Receipt> {
  return reading(receiptSchema.safeParse(payload))
}

export function readAck(payload: unknown): PayloadReading<Ack> {
  return reading(ackSchema.safeParse(payload))
}

/** @returns the data, or where the first fault is and what it is. Shared with the other readers of signed objects. */
export function reading<T>(parsed: SafeParse<T>): PayloadReading<T> {
  if (parsed.success) return { ok: true, value: parsed.data }
  const issue = parsed.error.issues[0]
  const where = issue?.path.map(String).join('.') ?? ''
  return { ok: false, reason: `schema: ${where === '' ? 'payload' : where}: ${issue?.message ?? 'does not fit'}` }
}
