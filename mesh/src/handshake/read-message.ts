/** Bytes of a stranger to a handshake message, or nothing. Pure. */
import { parseStrictJson } from '@hansa/trust'

/** The part of a schema that is used here. */
export type MessageSchema<T> = { safeParse(value: unknown): { success: true; data: T } | { success: false } }

/** @returns undefined for anything that is too large, not strict JSON, or not of the schema. */
export function readMessage<T>(bytes: Uint8Array, maxBytes: number, schema: MessageSchema<T>): T | undefined {
  if (bytes.length > maxBytes) return undefined
  const parsed = parseStrictJson(bytes, 'object')
  if (!parsed.ok) return undefined
  const read = schema.safeParse(parsed.value)
  return read.success ? read.data : undefined
}

/** @param message JSON without undefined members. */
export function writeMessage(message: object): Uint8Array {
  return Buffer.from(JSON.stringify(message))
}
