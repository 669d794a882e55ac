/** What this kernel says of itself in the mesh: its newest manifest, for as long as it is a member. */
import type { LocalReplica } from '@hansa/mesh'
import type { Clock, Did, EventLogger } from '@hansa/protocols'
import { faultFields } from '../kernel/fault-fields.ts'
import type { ManifestPublisher } from '../kernel/manifest-publisher.ts'
import { periodic } from '../kernel/periodic.ts'
import type { Membership } from './membership.ts'

/** Between two looks whether there is something else to say, and between two manifests at the least, milliseconds. */
const PUBLISH_PERIOD_MS = 250
/** In which capabilities that are registered together gather, milliseconds. */
const GATHER_MS = 20

export type OwnRecordComponents = {
  self: Did
  clock: Clock
  logger: EventLogger
  membership: Membership
  replica: LocalReplica
  publisher: Pick<ManifestPublisher, 'current' | 'watch' | 'withdraw'>
}

export type OwnRecord = {
  publish(): Promise<void>
  /** The kernel has taken its manifests back; who is told is the caller's business. */
  withdraw(): Promise<void>
  close(): void
}

/** Publishes, and looks again from then on. */
export async function ownRecord(components: OwnRecordComponents): Promise<OwnRecord> {
  const { self, clock, logger, membership, replica, publisher } = components
  let said: string | undefined
  let saidMs = 0
  const publish = async () => {
    if (membership.since === undefined) return
    const { jws } = await publisher.current()
    // Looked at several times a second, and another one twice an hour: it is not read again to find that out.
    if (jws === said) return
    said = jws
    saidMs = clock.now()
    try {
      await replica.take(jws, self)
    } catch (error) {
      said = undefined
      throw error
    }
  }
  const failed = (error: unknown) => logger.error('mesh.not_published', faultFields(error))
  /** Until another manifest may follow; none after a clock that was set back. */
  const restMs = () => {
    const sinceMs = clock.now() - saidMs
    return sinceMs >= 0 && sinceMs < PUBLISH_PERIOD_MS ? PUBLISH_PERIOD_MS - sinceMs : 0
  }
  await publish()
  let cancel: (() => void) | undefined
  const unwatch = publisher.watch(() => {
    cancel ??= clock.after(Math.max(GATHER_MS, restMs()), () => {
      cancel = undefined
      publish().catch(failed)
    })
  })
  const look = async () => {
    if (restMs() === 0) await publish()
  }
  const end = periodic(clock, PUBLISH_PERIOD_MS, look, failed)
  return {
    publish,
    async withdraw() {
      await replica.take((await publisher.withdraw()).jws, self)
    },
    close() {
      end()
      unwatch()
      cancel?.()
    },
  }
}
