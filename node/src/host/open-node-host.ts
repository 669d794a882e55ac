import type { AllowPrivate } from '@hansa/mesh'
import type { EventLogger } from '@hansa/protocols'
import { newSeed } from '@hansa/trust'
import { homePaths } from '../home/home-paths.ts'
import { hostSeed } from '../home/host-seed.ts'
import { systemClock } from '../system-clock.ts'
import { type HostSettings, NodeHost } from './node-host.ts'

export type OpenNodeHostInit = {
  /** Of the home that keeps its key. @default none: it has another PeerId each time */
  directory: string | undefined
  allowPrivate: AllowPrivate
  logger: EventLogger
}

/** @throws KeyFileError for its key, Error when it cannot listen. */
export async function openNodeHost(settings: HostSettings, init: OpenNodeHostInit): Promise<NodeHost> {
  const { directory, allowPrivate, logger } = init
  const seed = directory === undefined ? newSeed() : await hostSeed(homePaths(directory))
  return NodeHost.open({ ...settings, seed, allowPrivate }, { clock: systemClock, logger })
}
