import type { RoomLimits, RoundTimes } from '@hansa/mesh'

/** What a replica may take, and whom it is kept equal with. */
export type ReplicaSettings = {
  /** @default DEFAULT_ROOM */
  room?: Partial<RoomLimits>
  /** @default DEFAULT_ROUNDS */
  rounds?: Partial<RoundTimes>
  /** Besides those that were joined through. @default ACTIVE_NEIGHBOURS */
  neighbours?: number
  /** Neighbours that are told what is new as soon as it is known. @default 3 */
  fanout?: number
}
