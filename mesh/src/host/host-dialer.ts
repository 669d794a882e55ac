import { LIBP2P_ENDPOINT_PROTO } from '@hansa/protocols'
import type { ChannelDialer } from '../session/channel-dialer.ts'
import type { MeshHost } from './mesh-host.ts'

/** Opens the channels of sessions over a host. Whose host answers, the handshake of the session decides, as for every channel. */
export function hostDialer(host: Pick<MeshHost, 'openChannel'>): ChannelDialer {
  return { proto: LIBP2P_ENDPOINT_PROTO, dial: (url) => host.openChannel(url) }
}
