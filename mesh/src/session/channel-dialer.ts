import type { CertificatePins, Did } from '@hansa/protocols'
import type { FramedChannel } from './framed-channel.ts'

/** Opens channels to peers over one kind of endpoint. */
export interface ChannelDialer {
  /** Which endpoints of a manifest are for it. */
  readonly proto: string
  /** @param url of such an endpoint. @throws Error whose message says why there is no channel. */
  dial(url: string, peer: Did): Promise<FramedChannel>
  /** Connections follow these pins from now on. A dialer without certificates has no use for them. */
  usePins?(pins: CertificatePins): void
}
