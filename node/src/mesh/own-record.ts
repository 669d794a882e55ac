/** What this kernel says of itself in the mesh: its newest manifest, for as long as it is a member. */
import type { LocalReplica } from '@hansa/mesh'
import type { Clock, Did, EventLogger } from '@hansa/protocols'
import { faultFields } from '../kernel/fault-fields.ts'
import type { ManifestPublisher } from '../kernel/manifest-publisher.ts'
import { periodic } from '../kernel/periodic.ts'
import type { Membership } from './membership.ts'

/** Between two looks whether this kernel offers something else than it has said, milliseconds. */
const PUBLISH_PERIOD_MS = 250

export type OwnRecordComponents = {
  self: Did
  clock: Clock
  logger: EventLogger
  membership: Membership
  replica: LocalReplica
  publisher: Pick<ManifestPublisher, 'current' | 'withdraw'>
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
  const publish = async () => {
    if (membership.since === undefined) return
    const { jws } = await publisher.current()
    // Looked at several times a second, and another one twice an hour: it is not read again to find that out.
    if (jws !== said) await replica.take(jws, self)
    said = jws
  }
  await publish()
  const close = periodic(clock, PUBLISH_PERIOD_MS, publish, (error) =>
    logger.error('mesh.not_published', faultFields(error)),
  )
  return {
    publish,
    async withdraw() {
      await replica.take((await publisher.withdraw()).jws, self)
    },
    close,
  }
}
