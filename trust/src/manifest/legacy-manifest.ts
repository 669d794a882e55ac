import { type LegacyManifest, legacyManifestSchema, MAX_MANIFEST_BYTES } from '@hansa/protocols/manifest'
import { parseStrictJson } from '../json/parse-strict-json.ts'

/** An unsigned manifest of version 1, named so that it can be refused by name. Nothing in it is proven. */
export type UnverifiedManifest = { verified: false; legacy: LegacyManifest }

/** @returns undefined when the bytes are anything else. */
export function recogniseLegacyManifest(bytes: Uint8Array): UnverifiedManifest | undefined {
  if (bytes.length > MAX_MANIFEST_BYTES) return undefined
  const parsed = parseStrictJson(bytes, 'payload')
  if (!parsed.ok) return undefined
  const legacy = legacyManifestSchema.safeParse(parsed.value)
  return legacy.success ? { verified: false, legacy: legacy.data } : undefined
}
