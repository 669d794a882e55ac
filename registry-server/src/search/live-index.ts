/**
 * Searches what is listed now. It is one more reader of the watch stream: what other replicas over one database write is in it
 * too, and after a start it is filled like any reader's.
 */
import { SearchIndex, searchReplica } from '@hansa/mesh/registry'
import {
  capabilityManifestSchema,
  type Did,
  type RegistrySearchAnswer,
  type RegistrySearchQuery,
  registryEntrySchema,
} from '@hansa/protocols'
import { taggedHash, unverifiedPart } from '@hansa/trust'
import type { WatchFrame } from '../watch/frames.ts'
import { type WatchComponents, watchStream } from '../watch/watch-stream.ts'

export interface LiveIndex extends AsyncDisposable {
  /** Entries of the log that are in it. */
  readonly cursor: number
  /** @returns undefined for a range of versions that is none. */
  search(query: RegistrySearchQuery): Promise<RegistrySearchAnswer | undefined>
}

type Told = Parameters<ConstructorParameters<typeof SearchIndex>[0]['watch']>[0]

/** @param failed told when reading breaks off; it is begun again with the next change. */
export function liveIndex(components: WatchComponents, failed: (error: unknown) => void): LiveIndex {
  const ending = new AbortController()
  let indexed = emptyIndex()
  let cursor = 0
  const take = async (event: WatchFrame) => {
    if (event.name === 'reset') indexed = emptyIndex()
    else if (event.name === 'listing') indexed.take(event.data.manifest)
    else if (event.name === 'entry') await takeEntry(components, indexed, event.data)
    if (event.cursor !== undefined) cursor = event.cursor
  }
  const run = async () => {
    while (!ending.signal.aborted) {
      const heard = components.bell.rung
      try {
        for await (const event of watchStream(components, undefined, ending.signal)) await take(event)
      } catch (error) {
        failed(error)
        await components.bell.wait(heard, components.limits.heartbeatMs, ending.signal)
      }
    }
  }
  const running = run()
  return {
    get cursor() {
      return cursor
    },
    search: (query) => indexed.search(query),
    async [Symbol.asyncDispose]() {
      ending.abort()
      await running
    },
  }
}

async function takeEntry(
  { records }: WatchComponents,
  indexed: Indexed,
  { entry: text, manifest }: Extract<WatchFrame, { name: 'entry' }>['data'],
): Promise<void> {
  const { event, kernel_id, hash } = registryEntrySchema.parse(JSON.parse(text))
  if (event === 'listed') {
    // Without one, a later entry brings what has taken its place.
    if (manifest !== undefined) indexed.take(manifest)
  } else if (event === 'renewed') {
    const again = await records.manifest(kernel_id, hash)
    if (again !== undefined) indexed.take(again)
  } else indexed.drop(kernel_id)
}

type Indexed = {
  take(jws: string): void
  drop(did: Did): void
  search(query: RegistrySearchQuery): Promise<RegistrySearchAnswer | undefined>
}

function emptyIndex(): Indexed {
  let tell: Told = () => undefined
  const index = new SearchIndex({
    watch(told) {
      tell = told
      return () => undefined
    },
  })
  const kernels = new Set<Did>()
  const search = searchReplica({
    index,
    kernels: () => kernels.size,
    // A registry trusts nobody more than others; who asks knows whom to trust.
    standing: () => ({ score: 0, tier: 'probation' }),
    hides: () => false,
    screen: (text) => ({ text: oneLine(text), rules: [] }),
  })
  return {
    take(jws) {
      const part = unverifiedPart(jws, 1)
      const manifest = capabilityManifestSchema.safeParse(part?.value)
      // It was verified before it was listed.
      if (part === undefined || !manifest.success) return
      const { kernel_id: did, seq, exp } = manifest.data
      const hash = taggedHash('manifest', part.bytes)
      const record = { did, kind: 'manifest', seq, hash, jws, until: exp, from: '' } as const
      kernels.add(did)
      tell({ kind: 'taken', record, signed: { jws, manifest: manifest.data, hash } })
    },
    drop(did) {
      kernels.delete(did)
      tell({ kind: 'lapsed', record: { did, kind: 'manifest', seq: 0, hash: '', jws: '', until: 0, from: '' } })
    },
    async search(query) {
      const answer = await search(query)
      return (
        answer && {
          ...answer,
          hits: answer.hits.map(({ standing: _, rules: __, rank: ___, ...hit }) => ({
            ...hit,
            reason: hit.reason.split('; standing ', 1)[0] ?? '',
          })),
        }
      )
    },
  }
}

const MAX_SHOWN_CHARS = 512

/** What strangers wrote, on one line and without what is not seen. Readers screen it once more. */
function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{C}\p{Z}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_SHOWN_CHARS)
    .toWellFormed()
}
