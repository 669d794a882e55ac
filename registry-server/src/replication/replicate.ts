/** Follows other registries for as long as this one lives, and minds what their logs were. */
import {
  type GuardedFetch,
  type GuardedStream,
  type RegistryMemory,
  registryClient,
  watchRegistry,
} from '@hansa/mesh/registry'
import type { Clock } from '@hansa/protocols'
import type { RecordComponents } from '../records/admission.ts'
import { type Replicated, takeEntry, takeManifest } from './take-from.ts'

export type ReplicationComponents = {
  records: RecordComponents
  fetch: GuardedFetch
  stream: GuardedStream
  clock: Clock
  memory: RegistryMemory
  refused(url: string, reason: string): void
  ended(url: string, reason: string): void
}

export type Replication = {
  url: string
  state(): { connected: boolean; cursor?: number; gaps: number }
} & AsyncDisposable

/**
 * One whose log was rolled back or forked is not followed any more.
 * @param url base URL of the other registry.
 */
export function replicate(url: string, components: ReplicationComponents): Replication {
  const { records, fetch, clock, memory, refused, ended } = components
  const client = registryClient({ fetch, baseUrl: url })
  const taken = (outcome: Replicated) => {
    if (!outcome.ok) refused(url, outcome.reason)
  }
  const stream: GuardedStream = async (at, bounds) => {
    const advanced = await memory.advance(url, client, bounds.signal)
    if (!advanced.ok) return { ok: false, code: 'malformed', reason: advanced.reason }
    return await components.stream(at, bounds)
  }
  const watcher = watchRegistry(
    { url },
    {
      ...{ stream, clock },
      // Withdrawals come with their entry.
      take: async (jws, kind) => {
        if (kind === 'manifest') taken(await takeManifest(records, url, jws))
      },
      entry: async (entry, { statement }) => taken(await takeEntry(records, url, entry, statement)),
      ended: (reason) => ended(url, reason),
    },
  )
  return { url, state: () => watcher.state, [Symbol.asyncDispose]: () => watcher[Symbol.asyncDispose]() }
}
