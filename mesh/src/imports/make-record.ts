/** From what an importer asks for and a verified manifest to what is pinned, or the reason why not. Pure. */
import {
  type CapabilityDescriptor,
  type Code,
  type ImportInit,
  type PeerAlias,
  peerAliasSchema,
  type SignedManifest,
  trustPolicySchema,
} from '@hansa/protocols'
import { endpointParts } from '../transport/endpoint.ts'
import { defaultAlias } from './alias.ts'
import { httpEndpoint } from './http-endpoint.ts'
import type { RefusedImport } from './import-book.ts'
import type { CapabilityPin, ImportRecord } from './import-record.ts'
import { pinCapability } from './pin-capability.ts'

/** @param existing what is imported under an alias now; what it holds of the same peer only gets stricter. */
export function makeRecord(
  init: ImportInit,
  signed: SignedManifest,
  existing: (alias: PeerAlias) => ImportRecord | undefined,
): { ok: true; record: ImportRecord } | RefusedImport {
  const { manifest } = signed
  const alias = init.as ?? defaultAlias(manifest)
  if (!peerAliasSchema.safeParse(alias).success)
    return refuse('invalid_request', `"${alias}" is no alias: 1 to 32 characters of a-z, 0-9, _ and -`)
  const before = existing(alias)
  if (before !== undefined && before.peer !== manifest.kernel_id)
    return refuse('invalid_request', `the alias ${alias} is taken by ${before.peer}; choose another one`)
  const trustPolicy = trustPolicySchema.safeParse(init.trustPolicy ?? before?.trustPolicy ?? 'most_restrictive')
  if (!trustPolicy.success) return refuse('invalid_request', `there is no trust policy "${init.trustPolicy}"`)
  const endpoint = chooseEndpoint(init, signed)
  if (!endpoint.ok) return endpoint
  const chosen = chooseCapabilities(init, signed)
  if (!chosen.ok) return chosen
  const capabilities: Record<string, CapabilityPin> = {}
  for (const descriptor of chosen.capabilities)
    capabilities[descriptor.id] = pinCapability(descriptor, before?.capabilities[descriptor.id])
  const { kernel_id: peer, endpoints, logs } = manifest
  const record = {
    alias,
    peer,
    trustPolicy: trustPolicy.data,
    endpoint: endpoint.url,
    viaDriver: init.driver !== undefined,
    manifest,
    manifestHash: signed.hash,
    endpoints,
    logs,
    blocked: [],
    capabilities,
  }
  return { ok: true, record }
}

function chooseEndpoint(
  { driver }: ImportInit,
  { manifest }: SignedManifest,
): { ok: true; url: string } | RefusedImport {
  if (driver !== undefined && driver.kind !== 'http')
    return refuse('unsupported', `there is no driver "${String(driver.kind)}" for a peer; use http`)
  const url = driver?.url ?? httpEndpoint(manifest)
  if (url === undefined)
    return refuse('invalid_request', 'the manifest names no endpoint that this kernel can call; give one as the driver')
  const protocol = endpointParts(url)?.protocol
  if (protocol === 'http:' || protocol === 'https:') return { ok: true, url }
  return refuse('invalid_request', `"${url}" is not the base URL of a kernel`)
}

function chooseCapabilities(
  init: ImportInit,
  { manifest }: SignedManifest,
): { ok: true; capabilities: readonly CapabilityDescriptor[] } | RefusedImport {
  const wanted = new Set(init.capabilities ?? manifest.capabilities.map(({ id }) => id))
  const capabilities = manifest.capabilities.filter(({ id }) => wanted.has(id))
  const missing = [...wanted].filter((id) => !capabilities.some((capability) => capability.id === id))
  if (missing.length > 0) return refuse('not_found', `the peer does not offer ${missing.join(', ')}`)
  if (capabilities.length === 0) return refuse('not_found', 'there is nothing to import: the peer offers no capability')
  return { ok: true, capabilities }
}

function refuse(code: Code, reason: string): RefusedImport {
  return { ok: false, code, reason }
}
