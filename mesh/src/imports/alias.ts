/** The namespace of a peer's capabilities when the importer names none. Pure. */
import { type CapabilityManifest, type PeerAlias, peerAliasSchema } from '@hansa/protocols'

const MAX_ALIAS_CHARS = 32

/** The manifest's name as lower-case words joined by dashes, or `k-` and the last eight characters of the DID. */
export function defaultAlias({ name, kernel_id }: Pick<CapabilityManifest, 'name' | 'kernel_id'>): PeerAlias {
  const slug = (name ?? '')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_ALIAS_CHARS)
    .replace(/^-+|-+$/g, '')
  if (peerAliasSchema.safeParse(slug).success) return slug
  return `k-${kernel_id
    .slice(-8)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '-')}`
}
