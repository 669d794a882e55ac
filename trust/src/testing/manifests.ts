import type { CapabilityDescriptor, CapabilityManifest } from '@hansa/protocols'
import { taggedHash } from '../encoding/hash.ts'
import { capabilityHash } from '../manifest/capability-hash.ts'
import { bob } from './actors.ts'

/** The time of every builder, Unix seconds: 15 January 2027. */
export const NOW = 1_800_000_000

/** A READ capability with a schema; its hash is recomputed over `over`, unless `over` gives one. */
export function aCapability(over: Partial<CapabilityDescriptor> = {}): CapabilityDescriptor {
  const descriptor = {
    id: 'files.read',
    ver: '1.0.0',
    title: 'Read a file',
    description: 'Returns the text of one file.',
    safety: 'READ' as const,
    sensitivity: [],
    tags: ['files'],
    idempotent: true,
    input_schema: '{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}',
    output_schema: '{"type":"object","properties":{"text":{"type":"string"}}}',
    obligations: ['log'],
    limits: { max_rows: 100, max_bytes: 65_536, timeout_ms: 5_000 },
    ...over,
  }
  return { ...descriptor, hash: over.hash ?? capabilityHash(descriptor) }
}

/** A manifest of bob, issued now, for an hour. */
export function aManifest(over: Partial<CapabilityManifest> = {}): CapabilityManifest {
  return {
    v: 1,
    kernel_id: bob.did,
    name: 'Org B',
    seq: NOW,
    prev: null,
    iat: NOW,
    exp: NOW + 3_600,
    endpoints: [{ proto: 'hansa-http/1', url: 'https://b.example' }],
    logs: [{ origin: 'b.example/hansa/log/1', vkey: 'b.example/hansa/log/1+00000000+AA' }],
    policy: { version: 1, min_version: 1, hash: taggedHash('policy', 'test') },
    capabilities: [aCapability()],
    ...over,
  }
}
