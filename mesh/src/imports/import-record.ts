/**
 * What is pinned of one imported peer, as it is kept in the store (security.md B2, pinning). Everything here was verified
 * when it was written; reading it back checks only that it has the form.
 */
import {
  type CapabilityDescriptor,
  type CapabilityManifest,
  capabilityDescriptorSchema,
  capabilityManifestSchema,
  type Did,
  didSchema,
  hashSchema,
  type Label,
  labelsSchema,
  type PeerAlias,
  peerAliasSchema,
  type Safety,
  safetySchema,
  type TrustPolicy,
  trustPolicySchema,
} from '@hansa/protocols'
import { parsedJson } from '@hansa/trust'
import { MeshError } from '../errors.ts'

/** `suspended`: changed or withdrawn since the import, and waits for the operator. `blocked`: changed for the worse. */
export type ImportState = 'available' | 'suspended' | 'blocked'

export type CapabilityPin = {
  /** What calls are made under; its hash travels with each of them. */
  readonly descriptor: CapabilityDescriptor
  /** Union of every sensitivity that was ever advertised for it: a peer adds labels and never removes one. */
  readonly labels: readonly Label[]
  /** The gravest class that was ever advertised for it. */
  readonly safety: Safety
  readonly state: ImportState
  /** Why it is not available. */
  readonly reason?: string
}

export type ImportRecord = {
  readonly alias: PeerAlias
  readonly peer: Did
  readonly trustPolicy: TrustPolicy
  /** Base URL at which the peer is called. */
  readonly endpoint: string
  /** Whether the importer chose the endpoint; then a new manifest does not move it. */
  readonly viaDriver: boolean
  /** The newest manifest that was taken over. */
  readonly manifest: CapabilityManifest
  readonly manifestHash: string
  /** Endpoints and logs as they were imported; another origin or key blocks the peer. */
  readonly endpoints: CapabilityManifest['endpoints']
  readonly logs: CapabilityManifest['logs']
  /** Not empty: nothing of this peer is called until it is imported again. */
  readonly blocked: readonly string[]
  readonly capabilities: Readonly<Record<string, CapabilityPin>>
}

export const IMPORTS_NAMESPACE = 'mesh.imports'
const VERSION = 1

export function writeRecord(record: ImportRecord): string {
  return JSON.stringify({ v: VERSION, ...record })
}

/** @throws MeshError `store_corrupt`: a pin that cannot be read must not look like one that was never set. */
export function readRecord(key: string, text: string): ImportRecord {
  const record = parsedJson(text)
  if (isRecord(record) && record.alias === key) return record
  throw new MeshError(
    { code: 'store_corrupt', namespace: IMPORTS_NAMESPACE, key },
    `what is stored of the import "${key}" cannot be read; restore the store or import the peer again`,
  )
}

type Fields<T> = { [K in keyof T]?: unknown }

function isRecord(value: unknown): value is ImportRecord {
  if (typeof value !== 'object' || value === null) return false
  const { v, alias, peer, trustPolicy, endpoint, viaDriver, ...rest } = value as Fields<ImportRecord> & { v?: unknown }
  const { manifest, manifestHash, endpoints, logs, blocked, capabilities } = rest
  return (
    v === VERSION &&
    peerAliasSchema.safeParse(alias).success &&
    didSchema.safeParse(peer).success &&
    trustPolicySchema.safeParse(trustPolicy).success &&
    typeof endpoint === 'string' &&
    typeof viaDriver === 'boolean' &&
    capabilityManifestSchema.safeParse(manifest).success &&
    hashSchema.safeParse(manifestHash).success &&
    capabilityManifestSchema.shape.endpoints.safeParse(endpoints).success &&
    capabilityManifestSchema.shape.logs.safeParse(logs).success &&
    isTexts(blocked) &&
    isPins(capabilities)
  )
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isPins(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.entries(value).every(([id, pin]) => isPin(id, pin))
}

function isPin(id: string, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { descriptor, labels, safety, state, reason } = value as Fields<CapabilityPin>
  const read = capabilityDescriptorSchema.safeParse(descriptor)
  return (
    read.success &&
    read.data.id === id &&
    labelsSchema.safeParse(labels).success &&
    safetySchema.safeParse(safety).success &&
    (state === 'available' || state === 'suspended' || state === 'blocked') &&
    (reason === undefined || typeof reason === 'string')
  )
}
