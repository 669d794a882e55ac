/**
 * Text of `hansa.yaml` and what overrides it become the configuration of a node, or the list of everything that is wrong
 * with them. Pure: nothing is read, resolved or reached here.
 */
import { dirname, resolve } from 'node:path'
import { guardedFetch, isLoopbackHost, urlRefusal } from '@hansa/mesh'
import { DEFAULT_CONTENT } from '../content/content-settings.ts'
import { a2aConfig } from './a2a-config.ts'
import { type AgentsListen, parseAgentsListen } from './agents-listen.ts'
import type { NodeConfig } from './config.ts'
import { type ConfigItem, configItemSchema } from './config-item-schema.ts'
import { type ConfigFile, configFileSchema } from './config-schema.ts'
import { configuredCapabilities } from './configured-capabilities.ts'
import { embeddingsFaults, embeddingsOf } from './embeddings-config.ts'
import type { ConfigFault } from './errors.ts'
import { issuersConfig } from './issuers-config.ts'
import { isWildcard, type ListenAddress, parseListen } from './listen-address.ts'
import { mcpOf } from './mcp-config.ts'
import { meshConfig } from './mesh-config.ts'
import { type Overrides, overridden, overrideOf } from './override.ts'
import { replicaOf } from './replica-config.ts'
import { inFlightLimits, routingOf } from './routing-config.ts'
import { keyText, schemaFaults } from './schema-faults.ts'
import { witnessingConfig } from './witnessing-config.ts'
import { readYaml, type YamlPath } from './yaml-source.ts'

const DEFAULT_LISTEN = '127.0.0.1:7400'
/** As in the ledger. */
const DEFAULT_LOG_RESERVE_MIB = 64
const DEFAULT_PRINCIPAL = 'agent:local'
const DEFAULT_POLICY = 'policy.yaml'

export type ConfigReading = { ok: true; config: NodeConfig } | { ok: false; faults: ConfigFault[] }

/**
 * @param path of the file, absolute: other paths in it are relative to its directory
 * @param name of the file as people are shown it
 */
export function parseConfig(text: string, path: string, name: string, overrides: Overrides = []): ConfigReading {
  const reading = readYaml(text)
  if (!reading.ok) return { ok: false, faults: reading.faults.map((fault) => ({ source: name, key: '', ...fault })) }
  const { source } = reading
  const value = overridden(source.value ?? {}, overrides)
  const parsed = configFileSchema.safeParse(value)
  const place = (at: YamlPath): Pick<ConfigFault, 'source' | 'line' | 'key'> => {
    const override = overrideOf(at, overrides)
    if (override !== undefined) return { source: override.source, key: keyText(at.slice(override.path.length)) }
    const line = source.lineOf(at)
    return { source: name, ...(line === undefined ? {} : { line }), key: keyText(at) }
  }
  // The rules between keys are checked on what is well formed, so that one mistake does not hide another.
  const file = parsed.success ? parsed.data : wellFormed(value)
  const context = { directory: dirname(path), place }
  const { faults, settings } = checkSettings(file, context)
  const offered = configuredCapabilities(wellFormedItems(value), context)
  const all = [...(parsed.success ? [] : schemaFaults(parsed.error, value, place)), ...faults, ...offered.faults]
  if (all.length > 0) return { ok: false, faults: all.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) }
  return { ok: true, config: Object.freeze({ ...settings, capabilities: offered.capabilities }) }
}

export type ConfigContext = {
  /** That relative paths start from. */
  directory: string
  place(path: YamlPath): Pick<ConfigFault, 'source' | 'line' | 'key'>
}

/** Each member on its own: those that the schema accepts. */
function wellFormed(value: unknown): ConfigFile {
  if (typeof value !== 'object' || value === null) return {}
  const members = Object.entries(value).filter(([key, member]) => configFileSchema.safeParse({ [key]: member }).success)
  return Object.fromEntries(members)
}

/** Each capability on its own, in its place; undefined where the schema does not accept it. */
function wellFormedItems(value: unknown): (ConfigItem | undefined)[] {
  if (typeof value !== 'object' || value === null || !('capabilities' in value)) return []
  const items: unknown = value.capabilities
  if (!Array.isArray(items)) return []
  return items.map((item) => configItemSchema.safeParse(item).data)
}

type Settings = Omit<NodeConfig, 'capabilities'>

function checkSettings(file: ConfigFile, { directory, place }: ConfigContext) {
  const { listen: listenText = DEFAULT_LISTEN, public_url: publicUrl } = file
  const listen = parseListen(listenText)
  const operations = file.operations && parseListen(file.operations.listen)
  const agents = file.agents && parseAgentsListen(file.agents.listen, file.agents.socket_mode, directory)

  const witnessing = witnessingConfig(file, { directory, place })
  const hosted = meshConfig(file, place)
  const spoken = a2aConfig(file, place)
  const mcp = mcpOf(file)
  const { faults: misissued, ...issuing } = issuersConfig(file, { directory, place })

  const faults: ConfigFault[] = [
    ...rangeFaults(file, place),
    ...peerFaults(file, place),
    ...pinnedKeyFaults(file, place),
    ...agentsFaults(file, agents, place),
    ...webhookFaults(file, place),
    ...embeddingsFaults(file, place),
    ...witnessing.faults,
    ...misissued,
    ...hosted.faults,
    ...spoken.faults,
    ...mcp.faults.map(({ path, reason }) => ({ ...place(path), reason })),
  ]
  const fault = (path: YamlPath, reason: string | undefined) => {
    if (reason !== undefined) faults.push({ ...place(path), reason })
  }
  const hasTls = file.tls !== undefined
  if (file.operations !== undefined && operations === undefined)
    fault(['operations', 'listen'], `${JSON.stringify(file.operations.listen)} is not HOST:PORT`)
  fault(['listen'], listenFault(listenText, listen, publicUrl, hasTls))
  fault(['public_url'], publicUrl === undefined ? undefined : publicUrlFault(publicUrl, hasTls))
  if (file.tls_spki !== undefined && !hasTls && !publicUrl?.startsWith('https:'))
    fault(['tls_spki'], 'names the keys of an https public_url, and there is none')

  const { log_reserve_mib: reserve, log_max_gib: logMax = 0 } = file.limits ?? {}
  fault(['limits', 'log_max_gib'], logLimitFault(logMax, reserve))
  const settings: Settings = {
    ...(file.name === undefined ? {} : { name: file.name }),
    listen: listen ?? { host: '', port: 0 },
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(file.tls === undefined ? {} : { tls: tlsFiles(file.tls, directory) }),
    ...(file.tls_spki === undefined ? {} : { tlsSpki: file.tls_spki }),
    ...(file.web_socket === undefined ? {} : { webSocket: file.web_socket }),
    allowPrivate: file.allow_private ?? false,
    ...rotationOf(file),
    logLevel: file.log_level ?? 'info',
    principal: file.principal ?? DEFAULT_PRINCIPAL,
    registryUrls: [
      ...new Set([...(file.registry === undefined ? [] : [file.registry.url]), ...(file.registries ?? [])]),
    ],
    policies: (file.policies ?? [DEFAULT_POLICY]).map((policy) => resolve(directory, policy)),
    peers: peerSettings(file),
    ...(file.policy_changes?.two_persons === undefined ? {} : { twoPersons: file.policy_changes.two_persons }),
    ...(file.delegation?.owners === undefined ? {} : { delegation: { owners: file.delegation.owners } }),
    ...(agents === undefined ? {} : { agents }),
    ...issuing,
    ...(operations === undefined ? {} : { operations }),
    ...(file.telemetry === undefined ? {} : { telemetry: telemetryOf(file.telemetry) }),
    ...(file.limits?.drain_seconds === undefined ? {} : { drainMs: file.limits.drain_seconds * 1000 }),
    ...contentOf(file),
    ...approvalsOf(file, directory),
    ...(witnessing.config === undefined ? {} : { witnessing: witnessing.config }),
    canaries: file.canaries ?? [],
    inFlight: inFlightLimits(file),
    ...hosted.settings,
    ...spoken.settings,
    ...routingOf(file),
    ...(file.mcp === undefined ? {} : { mcp: mcp.settings }),
    ...replicaOf(file),
    ...embeddingsOf(file, directory),
    ...(file.first_import === undefined ? {} : { firstImport: file.first_import }),
    ...(file.log?.public === undefined ? {} : { publicLog: file.log.public }),
    ...(reserve === undefined ? {} : { logReserveBytes: reserve * 1_048_576 }),
    ...(logMax === 0 ? {} : { logMaxBytes: logMax * 1_073_741_824 }),
  }
  return { faults, settings }
}

function logLimitFault(maxGib: number, reserveMib = DEFAULT_LOG_RESERVE_MIB): string | undefined {
  if (maxGib === 0 || maxGib * 1024 > 2 * reserveMib) return undefined
  return `leaves too little for calls: ${maxGib} GiB is not more than twice limits.log_reserve_mib, ${reserveMib} MiB`
}

function agentsFaults(
  { agents }: ConfigFile,
  listen: AgentsListen | undefined,
  place: ConfigContext['place'],
): ConfigFault[] {
  if (agents === undefined) return []
  if (listen === undefined) {
    const reason = `${JSON.stringify(agents.listen)} is neither unix:PATH nor 127.0.0.1:PORT; credentials do not cross a network`
    return [{ ...place(['agents', 'listen']), reason }]
  }
  if (listen.kind === 'unix' || agents.socket_mode === undefined) return []
  return [{ ...place(['agents', 'socket_mode']), reason: 'is of a unix: socket, and listen is none' }]
}

function listenFault(
  text: string,
  address: ListenAddress | undefined,
  publicUrl: string | undefined,
  hasTls: boolean,
): string | undefined {
  if (address === undefined)
    return `${JSON.stringify(text)} is not HOST:PORT, such as ${DEFAULT_LISTEN}; port 0 takes a free one`
  if (isWildcard(address) && publicUrl === undefined)
    return `${text} is every address of this machine, so public_url has to say how others reach it`
  if (hasTls || isLoopbackHost(address.host) || publicUrl?.startsWith('https:') === true) return undefined
  return `${text} is reached by other machines, which refuse plain http; set tls (make a certificate with: hansa tls create --host NAME), or the https public_url of a proxy in front`
}

function tlsFiles({ certificate, key, ca }: NonNullable<ConfigFile['tls']>, directory: string) {
  const files = { certificate: resolve(directory, certificate), key: resolve(directory, key) }
  return ca === undefined ? files : { ...files, ca: resolve(directory, ca) }
}

function publicUrlFault(text: string, hasTls: boolean): string | undefined {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return `${JSON.stringify(text)} is not an http(s) URL`
  if (url.search !== '' || url.hash !== '' || url.username !== '')
    return 'a base URL has no query, fragment or password'
  if (url.protocol === 'http:' && hasTls) return `the node serves https (tls), so write https://${url.host}`
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    return `peers refuse plain http beyond this machine; set tls, or put TLS in front of the node, and write https://${url.host}`
  return undefined
}

function rangeFaults(file: ConfigFile, place: ConfigContext['place']): ConfigFault[] {
  const ranges = typeof file.allow_private === 'object' ? file.allow_private : []
  return ranges.flatMap((range, at) => {
    try {
      guardedFetch({ allowPrivate: [range] })
      return []
    } catch (error) {
      return { ...place(['allow_private', at]), reason: error instanceof Error ? error.message : String(error) }
    }
  })
}

function webhookFaults(
  { approvals, allow_private: allow = false }: ConfigFile,
  place: ConfigContext['place'],
): ConfigFault[] {
  if (approvals?.webhook === undefined) return []
  const { url } = approvals.webhook
  try {
    const reason = urlRefusal(url, allow)
    if (reason === undefined) return []
    const advice = urlRefusal(url, true) === undefined ? '; to reach it, name it in allow_private' : ''
    return [{ ...place(['approvals', 'webhook', 'url']), reason: `${reason}${advice}` }]
  } catch {
    // A range that cannot be read is a fault of its own.
    return []
  }
}

function contentOf({ audit }: ConfigFile): Pick<NodeConfig, 'content'> {
  if (audit === undefined) return {}
  const { keep, retentionMs, maxBytes } = DEFAULT_CONTENT
  const { content = keep, content_days: days, content_max_gib: gib } = audit
  return {
    content: {
      keep: content,
      retentionMs: days === undefined ? retentionMs : days * 86_400_000,
      maxBytes: gib === undefined ? maxBytes : gib * 1_073_741_824,
    },
  }
}

function approvalsOf({ approvals }: ConfigFile, directory: string): Pick<NodeConfig, 'approvals'> {
  if (approvals?.webhook === undefined) return {}
  const { url, secret_file: secretFile, include_arguments: includeArguments = false } = approvals.webhook
  return { approvals: { webhook: { url, secretFile: resolve(directory, secretFile), includeArguments } } }
}

function peerFaults({ peers = [] }: ConfigFile, place: ConfigContext['place']): ConfigFault[] {
  return (['did', 'alias'] as const).flatMap((key) =>
    peers.flatMap((peer, at) => {
      const first = peers.findIndex((other) => other[key] === peer[key])
      if (peer[key] === undefined || first === at) return []
      return { ...place(['peers', at, key]), reason: `${peer[key]} is already the ${key} of peers[${first}]` }
    }),
  )
}

function pinnedKeyFaults({ peers = [] }: ConfigFile, place: ConfigContext['place']): ConfigFault[] {
  return peers.flatMap(({ did, keys }, at) => {
    const isWeb = did.startsWith('did:web:')
    if (isWeb === (keys !== undefined)) return []
    const reason = isWeb
      ? 'is a did:web, whose host could show any key; give the keys that its operator told you by another way as keys'
      : 'are for a did:web; the keys of this identity follow from its DID'
    return [{ ...place(['peers', at, isWeb ? 'did' : 'keys']), reason }]
  })
}

function peerSettings({ peers = [] }: ConfigFile): NodeConfig['peers'] {
  return peers.map(({ did, alias, clearance, same_owner: sameOwner, delegation, standing, keys }) => ({
    did,
    ...(alias === undefined ? {} : { alias }),
    ...(clearance === undefined ? {} : { clearance }),
    ...(sameOwner === undefined ? {} : { sameOwner }),
    ...(delegation === undefined ? {} : { delegation }),
    ...(standing === undefined ? {} : { standing }),
    ...(keys === undefined ? {} : { keys }),
  }))
}

function rotationOf({ identity }: ConfigFile): Pick<NodeConfig, 'rotation'> {
  if (identity === undefined) return {}
  const { announce_seconds: announceSeconds, overlap_seconds: overlapSeconds } = identity
  return {
    rotation: {
      ...(announceSeconds === undefined ? {} : { announceSeconds }),
      ...(overlapSeconds === undefined ? {} : { overlapSeconds }),
    },
  }
}

function telemetryOf({ otlp, headers, sample }: NonNullable<ConfigFile['telemetry']>) {
  return {
    otlp,
    ...(headers === undefined ? {} : { headers }),
    ...(sample === undefined ? {} : { sample }),
  }
}
