/** Keeps the node listed in its registry for as long as it lives: the schedule of the heartbeat, and its end. */

import type { GuardedFetch, RegistryHeartbeatComponents } from '@hansa/mesh'
import { registryClient, registryHeartbeat } from '@hansa/mesh'

export type RegistryListingInit = {
  /** Base URL of the registry. */
  url: string
}

export type RegistryListingComponents = Omit<RegistryHeartbeatComponents, 'client'> & { fetch: GuardedFetch }

/** Milliseconds that taking the listing back may hold up the end of a node; it runs out by itself anyway. */
const WITHDRAW_TIMEOUT_MS = 2_000

/**
 * Lists the node. A registry that does not answer is no reason not to start: it is asked again with every beat.
 * @returns resolves after the first attempt. Disposing of it takes the listing back.
 */
export async function registryListing(
  { url }: RegistryListingInit,
  components: RegistryListingComponents,
): Promise<AsyncDisposable> {
  const { clock, logger, fetch } = components
  const client = registryClient({ fetch, baseUrl: url })
  const heartbeat = registryHeartbeat()({ ...components, client })
  const ending = new AbortController()
  let cancel = () => {}
  let beating = Promise.resolve()

  const beat = async (): Promise<void> => {
    try {
      await heartbeat.tick(ending.signal)
    } catch (error) {
      logger.error('registry.heartbeat_failed', { reason: error instanceof Error ? error.message : String(error) })
    }
    if (ending.signal.aborted) return
    cancel = clock.after(heartbeat.intervalSeconds * 1000, () => {
      beating = beat()
    })
  }
  await beat()

  return {
    async [Symbol.asyncDispose]() {
      ending.abort(new Error('the node is stopping'))
      cancel()
      await beating
      const withdrawn = await heartbeat.withdraw(AbortSignal.timeout(WITHDRAW_TIMEOUT_MS))
      if (!withdrawn.ok) logger.warn('registry.not_withdrawn', { code: withdrawn.code, reason: withdrawn.reason })
      else if (withdrawn.seq !== undefined) await secondAfter(withdrawn.seq, clock)
    },
  }
}

/** Milliseconds that the end of a node waits at most for a second to pass. */
const LONGEST_WAIT_MS = 2_000

/**
 * The first manifest of the next start takes its number from the clock, and the registry refuses one that is not above
 * the withdrawal's: so this process does not end within the same second.
 */
function secondAfter(seq: number, { now, after }: RegistryListingComponents['clock']): Promise<void> {
  const wait = Math.min((seq + 1) * 1000 - now(), LONGEST_WAIT_MS)
  return wait <= 0 ? Promise.resolve() : new Promise((resolve) => after(wait, resolve))
}
