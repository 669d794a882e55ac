/** Looks up this node in its registry every ten minutes, and says when it is not there as it should be: once, until that changes. */
import { checkOwnListing, type OwnListing, type RegistryClient, type RegistryMemory } from '@hansa/mesh'
import type { Clock, EventLogger, SignedManifest } from '@hansa/protocols'
import type { RegistryFaultFound } from './kernel-registries.ts'

export type ListingWatchInit = {
  /** Base URL of the registry. */
  url: string
  /** @default 600_000 */
  periodMs?: number
}

export type ListingWatchComponents = {
  client: RegistryClient
  memory: RegistryMemory
  clock: Clock
  logger: EventLogger
  manifest(): Promise<SignedManifest>
  report(found: RegistryFaultFound): void
  /** Of 0 to 1: so that the nodes of one registry do not ask at the same time. @default Math.random */
  random?: () => number
}

const PERIOD_MS = 600_000
/** A newer manifest reaches the registry with the next heartbeats, so what is wrong is looked at once more after three of them. */
const CONFIRM_MS = 90_000

export interface ListingWatch extends AsyncDisposable {
  /** Looks now. Never rejects. */
  look(): Promise<OwnListing | undefined>
}

export function watchListing(
  { url, periodMs = PERIOD_MS }: ListingWatchInit,
  components: ListingWatchComponents,
): ListingWatch {
  const { client, memory, clock, logger, manifest, report, random = Math.random } = components
  const ending = new AbortController()
  let cancel = () => {}
  let looking: Promise<unknown> = Promise.resolve()
  let last: string | undefined
  let suspected: string | undefined

  const look = async (): Promise<OwnListing | undefined> => {
    try {
      const found = await checkOwnListing({ client, memory, url }, await manifest(), ending.signal)
      if (ending.signal.aborted) return found
      const kind = found.ok ? 'ok' : found.kind
      // Nothing follows from an answer that did not come; that the registry is away is said by the heartbeat.
      if (kind === 'unanswered' || kind === last) {
        suspected = undefined
        return found
      }
      if (!found.ok && suspected !== kind) {
        suspected = kind
        return found
      }
      suspected = undefined
      if (found.ok && last !== undefined) logger.info('registry.listed_again', { registry: url })
      else if (!found.ok && 'reason' in found && !isOfTheLog(found.kind)) report({ url, kind, reason: found.reason })
      last = kind
      return found
    } catch (error) {
      logger.error('registry.watch_failed', {
        registry: url,
        reason: error instanceof Error ? error.message : String(error),
      })
      return undefined
    }
  }
  const schedule = () => {
    const waitMs = suspected === undefined ? periodMs * (0.9 + 0.2 * random()) : CONFIRM_MS
    cancel = clock.after(waitMs, () => {
      looking = look().then(() => {
        if (!ending.signal.aborted) schedule()
      })
    })
  }
  schedule()
  return {
    look,
    async [Symbol.asyncDispose]() {
      ending.abort(new Error('the node is stopping'))
      cancel()
      await looking
    },
  }
}

/** The memory of registries has said it, once and for all. */
function isOfTheLog(kind: string): boolean {
  return ['unsigned', 'another_key', 'rolled_back', 'forked'].includes(kind)
}
