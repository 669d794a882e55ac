/**
 * Capability identifiers.
 *
 * A local id is one or more dotted segments of `[a-z0-9_-]`, 1 to 128 characters, such as `billing.list_invoices`.
 * An imported capability is named `<alias>/<id>`: the alias is one segment, chosen by the importer, so a peer's
 * capability can never shadow a local one. A capability reference is either of the two.
 */
import { z } from 'zod'

const SEGMENTS = '[a-z0-9_-]+(?:\\.[a-z0-9_-]+)*'
const ID = new RegExp(`^${SEGMENTS}$`)
const ALIAS = /^[a-z0-9][a-z0-9_-]{0,31}$/

export const capabilityIdSchema = z.string().max(128).regex(ID, 'not dotted segments of [a-z0-9_-]')
export type CapabilityId = string

export const peerAliasSchema = z
  .string()
  .regex(ALIAS, 'not 1 to 32 characters of [a-z0-9_-] that start with a letter or digit')
export type PeerAlias = string

export const capabilityRefSchema = z
  .string()
  .max(161)
  .refine((text) => parseCapabilityRef(text) !== undefined, 'not `id` or `alias/id`')
export type CapabilityRef = string

/** Splits a reference. @returns undefined when it is neither `id` nor `alias/id`. */
export function parseCapabilityRef(text: string): { alias?: PeerAlias; id: CapabilityId } | undefined {
  const slash = text.indexOf('/')
  const id = text.slice(slash + 1)
  if (id.length > 128 || !ID.test(id)) return undefined
  if (slash < 0) return { id }
  const alias = text.slice(0, slash)
  return ALIAS.test(alias) ? { alias, id } : undefined
}
