/** What every way to a peer is made with: which addresses and ports, and how its certificate is judged. */
import { type AddressGuard, type AllowPrivate, addressGuard } from '../fetch/address.ts'
import { PUBLIC_PORTS } from '../fetch/fetch-target.ts'
import { type ResolveHost, systemResolve } from '../fetch/guarded-connector.ts'
import { PeerConnector } from './peer-connector.ts'

export type PeerReachInit = {
  /** Which addresses besides public ones may be reached. Plain HTTP is only for this machine. */
  allowPrivate: AllowPrivate
  /** Ports on which public addresses may be reached. @default [443, 8443] */
  ports?: readonly number[]
  /** @default 5_000 */
  connectTimeoutMs?: number
  /** @default the system's resolver */
  resolve?: ResolveHost
  /** Roots in PEM that are trusted besides those of Node. */
  ca?: string
}

export type PeerReach = { guard: AddressGuard; publicPorts: readonly number[]; connector: PeerConnector }

/** @throws MeshError `invalid_address_range` when `allowPrivate` has a range that cannot be read. */
export function peerReach(init: PeerReachInit): PeerReach {
  const guard = addressGuard(init.allowPrivate)
  const publicPorts = init.ports ?? PUBLIC_PORTS
  const connector = new PeerConnector({
    guard,
    publicPorts,
    connectTimeoutMs: init.connectTimeoutMs ?? 5_000,
    resolve: init.resolve ?? systemResolve,
    ...(init.ca === undefined ? {} : { ca: init.ca }),
  })
  return { guard, publicPorts, connector }
}
