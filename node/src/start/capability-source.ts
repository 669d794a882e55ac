/** One item of `capabilities` in the configuration, opened: what it offers now, and what it withholds. */
import type { AllowPrivate } from '@hansa/mesh'
import type { Clock, EventLogger } from '@hansa/protocols'
import type { Dispatcher } from 'undici'
import type { ConfiguredCapability as ConfiguredItem } from '../config/index.ts'
import type { Detectors } from '../firewall/index.ts'
import type { ConfiguredCapability, WithheldCapability } from '../kernel/configured-capabilities.ts'
import type { UpstreamSettings } from './upstream-settings.ts'

export type Offers = { offers: ConfiguredCapability[]; withheld: WithheldCapability[]; faults: string[] }

export interface CapabilitySource extends AsyncDisposable {
  /** Items with the same key are one source: it stays open when the configuration is read again. */
  readonly key: string
  /**
   * What the item offers as it is configured now. What is as before comes with the same driver.
   * @param item with this source's key
   * @param again whether a server is asked again although it has not said that anything changed
   */
  offersOf(item: ConfiguredItem, again: boolean): Promise<Offers>
  /** Called when `offersOf` of that item was put in force. */
  adopt(item: ConfiguredItem): void
}

export type SourceComponents = {
  clock: Clock
  logger: EventLogger
  /** Reaches what the operator configured, wherever that is. */
  dispatcher: Dispatcher
  detectors: Detectors
  /** Reaches what strangers name, and what the operator writes of strangers. */
  reach: { allowPrivate: AllowPrivate; ca?: string }
  /** What a server needs to know who asks. */
  upstream: UpstreamSettings
  /** What a source offers has changed, and nobody has asked it to. */
  changed(): void
}

export function noOffers(...faults: string[]): Offers {
  return { offers: [], withheld: [], faults }
}
