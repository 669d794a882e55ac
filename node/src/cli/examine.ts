/** Adapter: what a node depends on, looked at one by one from outside. Nothing is changed. */
import { stat, statfs } from 'node:fs/promises'
import { certificateFault, guardedFetch } from '@hansa/mesh'
import { exchangePaths, type KernelStatus, MAX_MANIFEST_BYTES, registryRoutes } from '@hansa/protocols'
import { didKeyResolver, readSecretFile, verifyManifest } from '@hansa/trust'
import { fileLogDisk, readEntries } from '@hansa/trust/ledger'
import { type Environment, type NodeConfig, readConfig } from '../config/index.ts'
import { hasNode } from '../home/has-node.ts'
import { type HomePaths, homePaths } from '../home/home.ts'
import { controlPlace } from '../start/control-place.ts'
import { sentenceOf } from '../start/errors.ts'
import { checkedPolicies, portFaults, portState } from '../start/preflight.ts'
import { systemClock } from '../system-clock.ts'
import { ask } from './control-client.ts'
import { tlsChecks } from './examine-tls.ts'
import { counted, time } from './table.ts'

export type Check = {
  check: string
  state: 'ok' | 'warn' | 'fail'
  detail: string
  /** What to do about it. */
  remedy?: string
}

/** In the order in which they build on each other; each is looked at even when another failed. */
export async function examine(home: string, environment: Environment): Promise<Check[]> {
  const paths = homePaths(home)
  if (!(await hasNode(home))) {
    return [fail('home', `there is no node in ${home}`, `Make one with: hansa init --home ${home}`)]
  }
  const status = await ask(home, 'status', {}).catch(() => undefined)
  const config = await readConfig(paths.config, environment).then(
    (value) => ({ value, check: ok('configuration', paths.config) }),
    (error: unknown) => ({
      value: undefined,
      check: fail('configuration', sentenceOf(error), `Correct ${paths.config}`),
    }),
  )
  return [
    await homeCheck(paths),
    ...(await keyChecks(paths)),
    config.check,
    ...(await onlyWith(config.value, configuredChecks(status))),
    controlCheck(home, status),
    await diskCheck(home),
    ...(await logChecks(paths, status)),
  ]
}

function configuredChecks(status: KernelStatus | undefined): (config: NodeConfig) => Promise<Check[]> {
  return async (config) => [
    await policyCheck(config),
    await portCheck(config, status),
    ...(await tlsChecks(config)),
    ...(await reachChecks(config, status)),
    ...(await registryChecks(config)),
  ]
}

async function homeCheck({ root }: HomePaths): Promise<Check> {
  const { mode, uid } = await stat(root)
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  if (process.getuid !== undefined && uid !== process.getuid())
    return fail('home', `${root} belongs to another account`, 'Run hansa as the account that made it.')
  if ((mode & 0o077) !== 0) return fail('home', `${root} can be entered by others (mode ${shown})`, `chmod 700 ${root}`)
  return ok('home', `${root}, mode ${shown}`)
}

async function keyChecks({ identity, logKey, secret }: HomePaths): Promise<Check[]> {
  const keys = [
    ['identity key', identity, 'ed25519'],
    ['log key', logKey, 'log-ed25519'],
    ['token secret', secret, 'token-root'],
  ] as const
  return Promise.all(
    keys.map(([name, path, kind]) =>
      readSecretFile(path, kind).then(
        () => ok(name, 'readable by its owner only'),
        (error: unknown) => fail(name, sentenceOf(error), keyRemedy(error, path)),
      ),
    ),
  )
}

function keyRemedy(error: unknown, path: string): string {
  const code = (error as { detail?: { code?: string } }).detail?.code
  if (code !== 'key_file_exposed') return `Restore ${path} from a backup.`
  return `chmod 600 ${path}; if others may have read it, make a new node: its key is no secret any more.`
}

async function policyCheck({ policies }: NodeConfig): Promise<Check> {
  const checked = await checkedPolicies(policies)
  if (!checked.ok)
    return fail('policies', checked.faults.join('\n'), 'Correct them; check with: hansa policy check FILE')
  return ok('policies', counted(policies.length, 'file'))
}

async function portCheck({ listen }: NodeConfig, status: KernelStatus | undefined): Promise<Check> {
  const address = `${listen.host}:${listen.port}`
  if (status !== undefined) return ok('address', `${address}, served by this node`)
  const [fault] = portFaults(listen, await portState(listen))
  return fault === undefined ? ok('address', `${address} is free`) : fail('address', fault, undefined)
}

async function reachChecks(config: NodeConfig, status: KernelStatus | undefined): Promise<Check[]> {
  const url = status?.endpoint ?? config.publicUrl
  if (status === undefined || url === undefined || url === null) {
    return config.publicUrl === undefined
      ? []
      : [warn('public URL', `${config.publicUrl} was not tried: the node does not run`)]
  }
  // One's own address may be private; that says nothing about what may be reached otherwise.
  const fetched = await guardedFetch({
    allowPrivate: true,
    ports: [Number(new URL(url).port) || 443],
  }).getOverAnyCertificate(url.replace(/\/+$/, '') + exchangePaths.manifest, { maxBytes: MAX_MANIFEST_BYTES })
  const remedy = `Make ${url} lead to ${config.listen.host}:${config.listen.port}, or correct public_url.`
  if (!fetched.ok) return [fail('public URL', `${url} cannot be reached from here: ${fetched.reason}`, remedy)]
  const now = Math.floor(systemClock.now() / 1000)
  const manifest = await verifyManifest(Buffer.from(fetched.body).toString('utf8'), { now, resolver: didKeyResolver() })
  if (!manifest.ok)
    return [fail('public URL', `${url} does not answer with a valid manifest: ${manifest.reason}`, remedy)]
  if (manifest.signed.manifest.kernel_id !== status.did) return [fail('public URL', `${url} is another kernel`, remedy)]
  const wrong = certificateFault(manifest.signed.manifest, fetched.certificate)
  if (wrong !== undefined)
    return [fail('public URL', `${url}: ${wrong}`, 'Name the key of that certificate in tls_spki.')]
  return [ok('public URL', `${url} answers with the manifest of this node`)]
}

async function registryChecks({ registryUrl, allowPrivate }: NodeConfig): Promise<Check[]> {
  if (registryUrl === undefined) return []
  const path = `${registryUrl.replace(/\/+$/, '')}${registryRoutes.list.path}?limit=1`
  const fetched = await guardedFetch({ allowPrivate }).get(path, { maxBytes: 2 * MAX_MANIFEST_BYTES })
  if (fetched.ok && fetched.status === 200) return [ok('registry', registryUrl)]
  const reason = fetched.ok ? `it answers with status ${fetched.status}` : fetched.reason
  const remedy = 'Correct registry.url; for an address of your own network, set allow_private.'
  return [fail('registry', `${registryUrl}: ${reason}`, remedy)]
}

function controlCheck(home: string, status: KernelStatus | undefined): Check {
  const place = controlPlace(home)
  const where = place.kind === 'unix' ? place.path : 'loopback, because the path of a socket would be too long'
  return ok('control', status === undefined ? `${where}; the node does not run` : `${where}; the node answers`)
}

/** Bytes. The log keeps 64 MiB back for its last entries; below this there is no room for much more. */
const LITTLE_BYTES = 256 * 1_048_576
const SOME_BYTES = 2_048 * 1_048_576

async function diskCheck(home: string): Promise<Check> {
  const { bavail, bsize } = await statfs(home)
  const free = bavail * bsize
  const detail = `${(free / 1_073_741_824).toFixed(1)} GiB free`
  const remedy = 'Make room: a node that cannot write its log refuses every call.'
  if (free < LITTLE_BYTES) return fail('disk', detail, remedy)
  return free < SOME_BYTES ? warn('disk', detail, remedy) : ok('disk', detail)
}

/** Milliseconds that a log may be ahead of the clock before the clock counts as wrong. */
const SKEW_MS = 60_000

async function logChecks({ root, log }: HomePaths, status: KernelStatus | undefined): Promise<Check[]> {
  let [size, last] = [0, 0]
  try {
    for await (const { entry } of readEntries(fileLogDisk(log))) {
      size++
      last = Math.max(last, entry.t_ms)
    }
  } catch (error) {
    if ((error as { detail?: { code?: string } }).detail?.code === 'log_missing' && status === undefined) {
      return [ok('log', 'empty: the node has not run yet'), clockCheck(0)]
    }
    return [fail('log', sentenceOf(error), `See what is wrong with: hansa verify ${root}`), clockCheck(last)]
  }
  return [
    ok('log', `${counted(size, 'entry', 'entries')}, readable; prove it with: hansa verify ${root}`),
    clockCheck(last),
  ]
}

/** A machine that has just been switched on without a battery for its clock says 1970. */
const EARLIEST_MS = Date.UTC(2026, 0, 1)

function clockCheck(lastEntryMs: number): Check {
  const now = systemClock.now()
  const shown = time(Math.floor(now / 1000))
  const remedy = 'Set the clock of this machine, by NTP.'
  if (now < EARLIEST_MS) return fail('clock', `${shown} is in the past`, remedy)
  if (lastEntryMs > now + SKEW_MS) {
    return fail('clock', `${shown} is before the last log entry, ${time(Math.floor(lastEntryMs / 1000))}`, remedy)
  }
  return ok('clock', shown)
}

function onlyWith<T>(value: T | undefined, checks: (value: T) => Promise<Check[]>): Promise<Check[]> {
  return value === undefined ? Promise.resolve([]) : checks(value)
}

function ok(check: string, detail: string): Check {
  return { check, state: 'ok', detail }
}

function warn(check: string, detail: string, remedy?: string): Check {
  return { check, state: 'warn', detail, ...(remedy === undefined ? {} : { remedy }) }
}

function fail(check: string, detail: string, remedy: string | undefined): Check {
  return { check, state: 'fail', detail, ...(remedy === undefined ? {} : { remedy }) }
}
