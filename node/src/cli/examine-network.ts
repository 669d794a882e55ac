/** Adapter: what `hansa doctor` says of ports, addresses, the registry and the peers. Nothing is changed. */
import { certificateFault, fetchDidFileOver, guardedFetch } from '@hansa/mesh'
import { exchangePaths, type KernelStatus, MAX_MANIFEST_BYTES, type PeerInfo, registryRoutes } from '@hansa/protocols'
import { identityResolver, verifyManifest } from '@hansa/trust'
import type { NodeConfig } from '../config/index.ts'
import { controlPlace } from '../start/control-place.ts'
import { portFaults, portState } from '../start/preflight.ts'
import { systemClock } from '../system-clock.ts'
import { type Check, fail, ok, warn } from './check.ts'
import { ask } from './control-client.ts'
import { configuredAuthorities } from './examine-tls.ts'
import { counted } from './table.ts'

/** Seconds that two clocks may differ before kernels refuse each other (security.md B0.4). */
const SKEW_SECONDS = 60
/** Peers that are asked for the time. */
const ASKED_PEERS = 3

export async function portCheck({ listen }: NodeConfig, status: KernelStatus | undefined): Promise<Check> {
  const address = `${listen.host}:${listen.port}`
  if (status !== undefined) return ok('address', `${address}, served by this node`)
  const [fault] = portFaults(listen, await portState(listen))
  return fault === undefined ? ok('address', `${address} is free`) : fail('address', fault, undefined)
}

export async function reachChecks(config: NodeConfig, status: KernelStatus | undefined): Promise<Check[]> {
  const url = status?.endpoint ?? config.publicUrl
  if (status === undefined || url === undefined || url === null) {
    return config.publicUrl === undefined
      ? []
      : [warn('public URL', `${config.publicUrl} was not tried: the node does not run`)]
  }
  // One's own address may be private; that says nothing about what may be reached otherwise.
  const fetch = guardedFetch({ allowPrivate: true, ports: [Number(new URL(url).port) || 443] })
  const fetched = await fetch.getOverAnyCertificate(url.replace(/\/+$/, '') + exchangePaths.manifest, {
    maxBytes: MAX_MANIFEST_BYTES,
  })
  const remedy = `Make ${url} lead to ${config.listen.host}:${config.listen.port}, or correct public_url.`
  if (!fetched.ok) return [fail('public URL', `${url} cannot be reached from here: ${fetched.reason}`, remedy)]
  const now = Math.floor(systemClock.now() / 1000)
  // The log of an identity may be published elsewhere than the node answers.
  const resolver = identityResolver({
    clock: systemClock,
    fetch: fetchDidFileOver({ fetch: guardedFetch({ allowPrivate: true }) }),
  })
  const manifest = await verifyManifest(Buffer.from(fetched.body).toString('utf8'), { now, resolver })
  if (!manifest.ok)
    return [fail('public URL', `${url} does not answer with a valid manifest: ${manifest.reason}`, remedy)]
  if (manifest.signed.manifest.kernel_id !== status.did) return [fail('public URL', `${url} is another kernel`, remedy)]
  const wrong = certificateFault(manifest.signed.manifest, fetched.certificate)
  if (wrong !== undefined)
    return [fail('public URL', `${url}: ${wrong}`, 'Name the key of that certificate in tls_spki.')]
  return [ok('public URL', `${url} answers with the manifest of this node`)]
}

export async function registryChecks({ registryUrls, allowPrivate, tls }: NodeConfig): Promise<Check[]> {
  if (registryUrls.length === 0) return []
  const ca = await configuredAuthorities(tls?.ca)
  return await Promise.all(registryUrls.map((url) => registryCheck(url, allowPrivate, ca)))
}

async function registryCheck(
  registryUrl: string,
  allowPrivate: NodeConfig['allowPrivate'],
  ca: { ca?: string },
): Promise<Check> {
  const path = `${registryUrl.replace(/\/+$/, '')}${registryRoutes.list.path}?limit=1`
  const fetched = await guardedFetch({ allowPrivate, ...ca }).get(path, { maxBytes: 2 * MAX_MANIFEST_BYTES })
  if (fetched.ok && fetched.status === 200) return ok('registry', registryUrl)
  const reason = fetched.ok ? `it answers with status ${fetched.status}` : fetched.reason
  const remedy = 'Correct registry.url or registries; for an address of your own network, set allow_private.'
  return fail('registry', `${registryUrl}: ${reason}`, remedy)
}

export function controlCheck(home: string, status: KernelStatus | undefined): Check {
  const place = controlPlace(home)
  const where = place.kind === 'unix' ? place.path : 'loopback, because the path of a socket would be too long'
  return ok('control', status === undefined ? `${where}; the node does not run` : `${where}; the node answers`)
}

/** Imports that cannot be called, each with what to do, and how far the clocks of some peers are off. */
export async function peerChecks(home: string, { allowPrivate }: NodeConfig): Promise<Check[]> {
  const peers = await ask(home, 'peers', {}).catch(() => undefined)
  if (peers === undefined || peers.length === 0) return []
  const bad = peers.filter(({ state }) => state !== 'ok').map((peer) => badPeer(home, peer))
  const good = peers.length - bad.length
  const found = good === 0 ? [] : [ok('peers', `${counted(good, 'import')} can be called`)]
  const fetch = guardedFetch({ allowPrivate })
  const asked = await Promise.all(peers.slice(0, ASKED_PEERS).map((peer) => offsetOf(fetch, peer)))
  return [...found, ...bad, ...clockOffsets(asked.filter((one) => one !== undefined))]
}

function badPeer(home: string, { alias, state, endpoint }: PeerInfo): Check {
  if (state === 'expired')
    return warn(
      'peers',
      `${alias}: its manifest has expired and no newer one came`,
      `hansa refresh ${alias} --home ${home}`,
    )
  const remedy = `See what changed with: hansa refresh ${alias} --home ${home}; to take it over: hansa import ${endpoint} --as ${alias} --home ${home}`
  return warn('peers', `${alias}: blocked, because what was pinned has changed`, remedy)
}

type Offset = { alias: string; seconds: number }

async function offsetOf(
  fetch: ReturnType<typeof guardedFetch>,
  { alias, endpoint }: PeerInfo,
): Promise<Offset | undefined> {
  const url = endpoint.replace(/\/+$/, '') + exchangePaths.manifest
  const fetched = await fetch.getOverAnyCertificate(url, { maxBytes: MAX_MANIFEST_BYTES })
  if (!fetched.ok || fetched.date === undefined) return undefined
  return { alias, seconds: Math.floor(systemClock.now() / 1000) - fetched.date }
}

function clockOffsets(offsets: readonly Offset[]): Check[] {
  const off = offsets.filter(({ seconds }) => Math.abs(seconds) > SKEW_SECONDS)
  if (off.length === 0)
    return offsets.length === 0 ? [] : [ok('clocks', `as those of ${offsets.map(({ alias }) => alias).join(', ')}`)]
  const shown = off.map(
    ({ alias, seconds }) => `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} ${alias}`,
  )
  const remedy = 'Set this clock by NTP, or tell the other operator when only one differs.'
  const check = off.length === offsets.length ? fail : warn
  return [check('clocks', `this clock is ${shown.join(', ')}`, remedy)]
}
