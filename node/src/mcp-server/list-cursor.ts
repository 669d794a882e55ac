/** Where a list that is gathered from several servers goes on: at which of them, and with which cursor of its own. */
import { capabilityRefSchema } from '@hansa/protocols'
import { z } from 'zod'

const placeSchema = z.tuple([capabilityRefSchema, z.string().max(2048).nullable()])

export type ListPlace = { ref: string; inner?: string }

export function listCursorOf({ ref, inner }: ListPlace): string {
  return Buffer.from(JSON.stringify([ref, inner ?? null])).toString('base64url')
}

/** @returns undefined for a text that is no cursor of such a list. */
export function listPlaceOf(cursor: string): ListPlace | undefined {
  try {
    const [ref, inner] = placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
    return { ref, ...(inner === null ? {} : { inner }) }
  } catch {
    return undefined
  }
}
