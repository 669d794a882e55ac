/** The capabilities of a configuration: which kind each item is, and what its keys mean together. Pure. */
import { resolve } from 'node:path'
import type { CapabilityDefinition, Jwk } from '@hansa/protocols'
import { type HttpOperation, type McpConnection, RESOURCES } from '../drivers/index.ts'
import type { UpstreamAuth } from '../upstream/index.ts'
import type { ClassifiedTool, ConfiguredCapability } from './config.ts'
import type { ConfigItem } from './config-item-schema.ts'
import type { ConfigFault } from './errors.ts'
import type { ConfigContext } from './parse-config.ts'

type Mcp = NonNullable<ConfigItem['mcp']>
type Http = NonNullable<ConfigItem['http']>
type A2a = NonNullable<ConfigItem['a2a']>

const kinds = ['mcp', 'a2a', 'http', 'module'] as const

/** @param items undefined where another fault has been found already; their places count. */
export function configuredCapabilities(items: readonly (ConfigItem | undefined)[], context: ConfigContext) {
  const faults: ConfigFault[] = []
  const capabilities: ConfiguredCapability[] = []
  for (const [index, item] of items.entries()) {
    if (item === undefined) continue
    const path = ['capabilities', index]
    const fault = (key: readonly string[], reason: string) =>
      faults.push({ ...context.place([...path, ...key]), reason })
    const given = kinds.filter((kind) => item[kind] !== undefined)
    if (given.length !== 1)
      fault([], `is exactly one of mcp, a2a, http, module; this has ${given.join(' and ') || 'none'}`)
    const { source, line } = context.place(path)
    const at = line === undefined ? source : `${source}:${line}`
    if (item.mcp !== undefined) {
      for (const { key, reason } of mcpFaults(item.mcp)) fault(['mcp', key], reason)
      capabilities.push({ at, ...mcpCapability(item.mcp, context.directory) })
    }
    if (item.a2a !== undefined) {
      for (const { key, reason } of a2aFaults(item.a2a)) fault(['a2a', key], reason)
      capabilities.push({ at, ...a2aCapability(item.a2a) })
    }
    if (item.http !== undefined) capabilities.push({ at, ...httpCapability(item.http) })
    if (item.module !== undefined)
      capabilities.push({ at, kind: 'module', path: resolve(context.directory, item.module.path) })
  }
  faults.push(...takenTwice(items, context))
  return { faults, capabilities }
}

/** Keys that only make sense with the other way to reach a server. */
const onlyWithCommand = ['args', 'env', 'cwd'] as const

function mcpFaults(mcp: Mcp): { key: string; reason: string }[] {
  const { command, url, headers } = mcp
  const faults: { key: string; reason: string }[] = []
  if ((command === undefined) === (url === undefined))
    faults.push({ key: 'command', reason: 'give either command or url' })
  for (const key of onlyWithCommand) {
    if (url !== undefined && mcp[key] !== undefined) faults.push({ key, reason: 'belongs to command, not to url' })
  }
  if (command !== undefined && headers !== undefined)
    faults.push({ key: 'headers', reason: 'belongs to url; give a command its credentials with env' })
  if (mcp.auth !== undefined) faults.push(...authFaults(mcp.auth, url))
  return faults
}

/** What each method cannot do without. */
function authFaults(auth: NonNullable<Mcp['auth']>, url: string | undefined): { key: string; reason: string }[] {
  const missing = (key: 'client_id' | 'secret_file' | 'key_file') =>
    auth[key] === undefined ? [{ key: 'auth', reason: `${auth.method} needs ${key}` }] : []
  return [
    ...(url === undefined ? [{ key: 'auth', reason: 'belongs to url; give a command its credentials with env' }] : []),
    ...(auth.method === 'login' ? [] : missing('client_id')),
    ...(auth.method === 'client_credentials' ? missing('secret_file') : []),
    ...(auth.method === 'private_key_jwt' ? missing('key_file') : []),
  ]
}

function takenTwice(items: readonly (ConfigItem | undefined)[], { place }: ConfigContext): ConfigFault[] {
  const first = new Map<string, number>()
  return items.flatMap((item, index) => {
    const kind = item?.http !== undefined ? 'http' : item?.a2a !== undefined ? 'a2a' : 'mcp'
    const id = item?.[kind]?.id
    if (id === undefined) return []
    const taken = first.get(`${kind} ${id}`)
    if (taken === undefined) first.set(`${kind} ${id}`, index)
    return taken === undefined
      ? []
      : { ...place(['capabilities', index, kind, 'id']), reason: `${id} is already the id of capabilities[${taken}]` }
  })
}

function mcpCapability(mcp: Mcp, directory: string): Omit<Extract<ConfiguredCapability, { kind: 'mcp' }>, 'at'> {
  const { capabilities, prompts, resources } = mcp
  return {
    kind: 'mcp',
    prefix: mcp.id,
    connection: connectionOf(mcp, directory),
    ...present({ asks: mcp.asks, auth: mcp.auth && authOf(mcp.auth, directory) }),
    classified: {
      tool: classesOf(capabilities),
      prompt: classesOf(prompts),
      resource: classesOf(resources && { [RESOURCES]: resources }),
    },
  }
}

function classesOf(given: Mcp['capabilities'] = {}): Readonly<Record<string, ClassifiedTool>> {
  return Object.fromEntries<ClassifiedTool>(Object.entries(given).map(([name, said]) => [name, present(said)]))
}

function authOf(given: NonNullable<Mcp['auth']>, directory: string): UpstreamAuth {
  const { method, issuer, client_id: clientId, client_metadata_url: clientMetadataUrl, ...rest } = given
  const { secret_file, key_file, algorithm, scope } = rest
  const secretFile = secret_file === undefined ? undefined : resolve(directory, secret_file)
  const keyFile = key_file === undefined ? undefined : resolve(directory, key_file)
  return { method, issuer, ...present({ clientId, clientMetadataUrl, secretFile, keyFile, algorithm, scope }) }
}

function connectionOf({ command, args, env, cwd, url, headers }: Mcp, directory: string): McpConnection {
  if (url !== undefined) return { kind: 'http', url, ...present({ headers }) }
  const program = command ?? ''
  return {
    kind: 'stdio',
    // A name is looked up in PATH; a path is meant from where the configuration is.
    command: /^\.{1,2}\//.test(program) ? resolve(directory, program) : program,
    ...present({ args, env }),
    cwd: resolve(directory, cwd ?? '.'),
  }
}

function httpCapability(http: Http): Omit<Extract<ConfiguredCapability, { kind: 'http' }>, 'at'> {
  const { method, url, query, body, headers, ...definition } = http
  const operation: HttpOperation = { method, url, ...present({ query, body, headers }) }
  return { kind: 'http', definition: present(definition) as CapabilityDefinition, operation }
}

function a2aFaults({ url, card, signer }: A2a): { key: string; reason: string }[] {
  const faults: { key: string; reason: string }[] = []
  if ((url === undefined) === (card === undefined)) faults.push({ key: 'url', reason: 'give either url or card' })
  if (signer !== undefined && !signer.startsWith('did:key:'))
    faults.push({ key: 'signer', reason: 'is a did:key; the keys of other identities are given as keys' })
  return faults
}

function a2aCapability(a2a: A2a): Omit<Extract<ConfiguredCapability, { kind: 'a2a' }>, 'at'> {
  const { id, capabilities, ...connection } = a2a
  const { keys, ...rest } = connection
  const jwks = keys === undefined ? {} : { keys: keys.map(present) as (Jwk & { kid: string })[] }
  return { kind: 'a2a', prefix: id, connection: { ...present(rest), ...jwks }, classified: classesOf(capabilities) }
}

/** Without the members that are undefined. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never
}
