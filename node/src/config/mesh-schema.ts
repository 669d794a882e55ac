/** `mesh`: the libp2p host of a node, each key with its default. */
import { z } from 'zod'

const multiaddr = z.string().max(1024)

export const meshSchema = z.strictObject({
  libp2p: z
    .boolean()
    .describe('Whether there is a host at all; false keeps the rest for later. Default: true')
    .optional(),
  listen: z
    .array(multiaddr)
    .max(16)
    .describe(
      'Multiaddrs that it listens at, such as /ip4/0.0.0.0/tcp/7401 or /ip4/0.0.0.0/tcp/7402/ws; none only dials. Default: [/ip4/127.0.0.1/tcp/7401]',
    )
    .optional(),
  announce: z
    .array(multiaddr)
    .max(8)
    .describe('Multiaddrs that others are told in the place of those, behind a port that is forwarded. Default: those')
    .optional(),
  bootstrap: z
    .array(multiaddr)
    .max(64)
    .describe('Multiaddrs of hosts that it stays connected to, each with /p2p/PEERID at its end. Default: none')
    .optional(),
  mdns: z.boolean().describe('Whether hosts on the same LAN find each other. Default: false').optional(),
  relay: z
    .enum(['none', 'client', 'server'])
    .describe('client keeps a place at a relay while it cannot be reached, server is a relay. Default: client')
    .optional(),
  dht: z
    .enum(['off', 'client', 'server'])
    .describe('client asks the DHT and leaves its own record there, server keeps a part of it. Default: client')
    .optional(),
})
