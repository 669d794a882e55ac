/** The key `mesh`: what its addresses have to be. Pure, and without libp2p: a command that has no host does not load it. */
import { isIP } from 'node:net'
import { hostAddressSchema } from '@hansa/protocols'
import type { HostSettings } from '../host/node-host.ts'
import type { ConfigFile } from './config-schema.ts'
import type { ConfigFault } from './errors.ts'
import type { ConfigContext } from './parse-config.ts'

const DEFAULT_LISTEN = ['/ip4/127.0.0.1/tcp/7401']
const ADDRESS = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})(?:\/ws)?((?:\/p2p\/[^/]+)?)$/

export type MeshReading = { settings: { host?: HostSettings }; faults: ConfigFault[] }

export function meshConfig({ mesh }: ConfigFile, place: ConfigContext['place']): MeshReading {
  if (mesh === undefined) return { settings: {}, faults: [] }
  const { libp2p = true, listen = DEFAULT_LISTEN, announce = [], bootstrap = [], mdns = false } = mesh
  const { relay = 'client', dht = 'client' } = mesh
  const faultsOf = (key: 'listen' | 'announce' | 'bootstrap', faultOf: (text: string) => string | undefined) =>
    (mesh[key] ?? []).flatMap((text, at): ConfigFault[] => {
      const reason = faultOf(text)
      return reason === undefined ? [] : [{ ...place(['mesh', key, at]), reason }]
    })
  const faults = [
    ...faultsOf('listen', (text) => addressFault(text, { named: false, host: 'without' })),
    ...faultsOf('announce', (text) => addressFault(text, { named: true, host: 'without' })),
    ...faultsOf('bootstrap', (text) => addressFault(text, { named: true, host: 'with' })),
  ]
  return { settings: libp2p ? { host: { listen, announce, bootstrap, mdns, relay, dht } } : {}, faults }
}

function addressFault(text: string, rule: { named: boolean; host: 'with' | 'without' }): string | undefined {
  const [, family = '', where = '', port = '', host = ''] = ADDRESS.exec(text) ?? []
  const shown = JSON.stringify(text)
  const example = rule.named ? '/dns4/mesh.example/tcp/7401' : '/ip4/0.0.0.0/tcp/7401'
  if (family === '' || Number(port) > 65_535)
    return `${shown} is not a multiaddr of TCP, such as ${example}, with /ws behind it for WebSocket`
  const isName = family.startsWith('dns')
  if (isName && !rule.named) return `${shown} is a name; listen at an address of this machine, such as ${example}`
  if (!isName && isIP(where) !== Number(family.slice(2))) return `${where} in ${shown} is not an address of ${family}`
  if (rule.host === 'without') return host === '' ? undefined : `${shown} has a PeerId, which is added by itself`
  if (hostAddressSchema.safeParse(text).success) return undefined
  return `${shown} lacks the PeerId of the host: /p2p/12D3KooW... at its end, as its operator sees it in: hansa logs`
}
