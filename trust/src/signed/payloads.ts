/** From a verified payload to a typed object, or the first thing that does not fit its schema. */
import { isUtf8 } from 'node:buffer'
import {
  type Ack,
  type Acks,
  ackSchema,
  acksSchema,
  areOfDifferentCalls,
  type EnvelopeType,
  type Intent,
  intentSchema,
  type Receipt,
  receiptSchema,
} from '@hansa/protocols'
import type { z } from 'zod'
import { type CanonicalWriter, canonicalWriter } from '../json/canonical-writer.ts'
import { type PayloadReading, reading } from './reading.ts'

const writers: Readonly<Record<EnvelopeType, CanonicalWriter>> = {
  'hansa-intent': compiledOnFirstUse(intentSchema),
  'hansa-receipt': compiledOnFirstUse(receiptSchema),
  'hansa-ack': compiledOnFirstUse(ackSchema),
  'hansa-acks': compiledOnFirstUse(acksSchema, { acks: areOfDifferentCalls }),
}

export const readIntent: (payload: unknown) => PayloadReading<Intent> = reader('hansa-intent', intentSchema)
export const readReceipt: (payload: unknown) => PayloadReading<Receipt> = reader('hansa-receipt', receiptSchema)
export const readAck: (payload: unknown) => PayloadReading<Ack> = reader('hansa-ack', ackSchema)
export const readAcks: (payload: unknown) => PayloadReading<Acks> = reader('hansa-acks', acksSchema)

/** What a verifier of envelopes says of a payload. */
type Verified = { payload: unknown; fits?: EnvelopeType }

/** The same of a payload that a verifier may have looked at already. */
export const intentOf: (verified: Verified) => PayloadReading<Intent> = ofVerified('hansa-intent', readIntent)
export const receiptOf: (verified: Verified) => PayloadReading<Receipt> = ofVerified('hansa-receipt', readReceipt)
export const ackOf: (verified: Verified) => PayloadReading<Ack> = ofVerified('hansa-ack', readAck)
export const acksOf: (verified: Verified) => PayloadReading<Acks> = ofVerified('hansa-acks', readAcks)

/**
 * Bytes that equal what is written again from what was read have one meaning only: a member given twice, a number that
 * changes in reading or an escape that hides something would come out otherwise. So the parser of the platform will do
 * for them, and the writer, which checks the schema, says that they fit it.
 * @returns the payload of this type; undefined when it has another form, which is no refusal.
 */
export function readOwnPayload(typ: EnvelopeType, bytes: Uint8Array): object | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  // The writer leaves a lone surrogate to its caller; it writes one as an escape that begins like this.
  if (text.includes('\\ud')) return undefined
  try {
    const payload: unknown = JSON.parse(text)
    return writers[typ](payload) === text ? (payload as object) : undefined
  } catch {
    return undefined
  }
}

/** Most starts of the command come to no call. */
function compiledOnFirstUse(
  schema: z.ZodType,
  refinements: Record<string, (value: never) => boolean> = {},
): CanonicalWriter {
  let write: CanonicalWriter | undefined
  return (value) => {
    write ??= canonicalWriter(schema, refinements)
    return write(value)
  }
}

function ofVerified<T>(
  typ: EnvelopeType,
  read: (payload: unknown) => PayloadReading<T>,
): (verified: Verified) => PayloadReading<T> {
  return ({ payload, fits }) => (fits === typ ? { ok: true, value: payload as T } : read(payload))
}

/** The compiled form decides, because these are on the path of every call; the schema says what is wrong with a misfit. */
function reader<T>(typ: EnvelopeType, schema: z.ZodType<T>): (payload: unknown) => PayloadReading<T> {
  const check = writers[typ]
  return (payload) => {
    if (check(payload) !== undefined) return { ok: true, value: payload as T }
    const read = reading(schema.safeParse(payload))
    return read.ok ? { ok: false, reason: 'schema: payload: does not fit' } : read
  }
}
