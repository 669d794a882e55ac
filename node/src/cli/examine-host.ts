/** Adapter: what `hansa doctor` says of the libp2p host: its key, its ports, and whether the hosts it starts from answer. */
import { type MeshHost, openHost } from '@hansa/mesh'
import { type KernelStatus, silentLogger } from '@hansa/protocols'
import { didKeyResolver, newSeed, peerIdOf, readSecretFile, signerFromSeed, signPointer } from '@hansa/trust'
import type { NodeConfig } from '../config/index.ts'
import { exists } from '../home/has-node.ts'
import type { HomePaths } from '../home/home-paths.ts'
import { sentenceOf } from '../start/errors.ts'
import { portState } from '../start/preflight.ts'
import { systemClock } from '../system-clock.ts'
import { type Check, fail, ok, warn } from './check.ts'

/** Configured hosts that are dialled. */
const ASKED_HOSTS = 8
const LISTEN = /^\/ip[46]\/([^/]+)\/tcp\/(\d+)/

export async function hostChecks(
  paths: HomePaths,
  { host, allowPrivate }: NodeConfig,
  status: KernelStatus | undefined,
): Promise<Check[]> {
  if (host === undefined) return []
  const ports = status === undefined ? await Promise.all(host.listen.map(portCheck)) : []
  const asked = host.bootstrap.slice(0, ASKED_HOSTS)
  if (asked.length === 0) return [await keyCheck(paths), ...ports]
  await using visitor = await visitingHost(allowPrivate)
  const found = await Promise.all(asked.map((address) => bootstrapCheck(visitor, address)))
  return [await keyCheck(paths), ...ports, ...found]
}

async function keyCheck({ hostKey }: HomePaths): Promise<Check> {
  if (!(await exists(hostKey))) return ok('host key', 'made by the first start with a host')
  return readSecretFile(hostKey, 'host-ed25519').then(
    (seed) => ok('host key', `readable by its owner only, PeerId ${peerIdOf(signerFromSeed(seed).publicKey)}`),
    (error: unknown) => {
      const remedy = `Restore ${hostKey} from a backup, or delete it: the next start makes another, with another PeerId.`
      return fail('host key', sentenceOf(error), remedy)
    },
  )
}

async function portCheck(address: string): Promise<Check> {
  const [, host = '', port = ''] = LISTEN.exec(address) ?? []
  const state = await portState({ host, port: Number(port) })
  if (state.free) return ok('host address', `${address} is free`)
  return fail('host address', `${address} cannot be listened at: ${state.reason}`, 'Correct mesh.listen in hansa.yaml.')
}

async function bootstrapCheck(visitor: MeshHost, address: string): Promise<Check> {
  try {
    const { did, refused } = await visitor.dial(address)
    if (did !== undefined) return ok('bootstrap', `${address} is a host of ${did}`)
    const detail = `${address} answers, and does not say whose host it is: ${refused ?? 'no answer in time'}`
    return warn('bootstrap', detail, 'It still helps to find others. Ask its operator for the version that it runs.')
  } catch (error) {
    const remedy = 'Correct mesh.bootstrap; for an address of your own network, set allow_private.'
    return fail('bootstrap', sentenceOf(error), remedy)
  }
}

/** A host of nobody's, which looks and listens nowhere. */
function visitingHost(allowPrivate: NodeConfig['allowPrivate']): Promise<MeshHost> {
  const signer = signerFromSeed(newSeed())
  const now = Math.floor(systemClock.now() / 1000)
  return openHost(
    { seed: newSeed(), relay: 'none', dht: 'off', allowPrivate },
    {
      clock: systemClock,
      logger: silentLogger,
      resolver: didKeyResolver(),
      pointer: async (peerIds) =>
        signPointer(signer, {
          v: 1,
          did: signer.did,
          seq: 1,
          manifest_hash: 'A'.repeat(43),
          endpoints: [],
          peer_ids: [...peerIds],
          iat: now,
          exp: now + 600,
        }),
    },
  )
}
