/** The key `a2a`: what it means together with the others. Pure. */
import { isLoopbackHost } from '@hansa/mesh'
import type { ConfigFile } from './config-schema.ts'
import type { ConfigFault } from './errors.ts'
import { type ListenAddress, parseListen } from './listen-address.ts'
import type { ConfigContext } from './parse-config.ts'

export type A2aConfig = {
  /** Without a slash at its end. */
  url?: string
  name?: string
  description?: string
  provider?: { organization: string; url: string }
  documentationUrl?: string
  defaultCapability?: string
  deadlineMs: number
  keepMs: number
  push: boolean
  legacy: boolean
  /** Where A2A is spoken over gRPC. @default nowhere */
  grpc?: ListenAddress
}

export type A2aReading = { settings: { a2a?: A2aConfig }; faults: ConfigFault[] }

export function a2aConfig({ a2a, agents }: ConfigFile, place: ConfigContext['place']): A2aReading {
  if (a2a === undefined) return { settings: {}, faults: [] }
  const faults: ConfigFault[] = []
  if (agents === undefined)
    faults.push({
      ...place(['a2a']),
      reason: 'is spoken where agents connect, so agents.listen has to say where that is',
    })
  const urlReason = a2a.public_url === undefined ? undefined : urlFault(a2a.public_url)
  if (urlReason !== undefined) faults.push({ ...place(['a2a', 'public_url']), reason: urlReason })
  const grpc = a2a.grpc_listen === undefined ? undefined : parseListen(a2a.grpc_listen)
  if (a2a.grpc_listen !== undefined && (grpc === undefined || !isLoopbackHost(grpc.host))) {
    const reason = `${JSON.stringify(a2a.grpc_listen)} is not HOST:PORT of this machine, such as 127.0.0.1:7412; credentials do not cross a network in the clear`
    faults.push({ ...place(['a2a', 'grpc_listen']), reason })
  }
  const {
    public_url: url,
    name,
    description,
    provider,
    documentation_url: documentationUrl,
    default: defaultCapability,
  } = a2a
  const { deadline_seconds: deadline = 60, keep_hours: keep = 24, push = true, legacy = false } = a2a
  const settings: A2aConfig = {
    ...(url === undefined ? {} : { url: url.replace(/\/+$/, '') }),
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(provider === undefined ? {} : { provider }),
    ...(documentationUrl === undefined ? {} : { documentationUrl }),
    ...(defaultCapability === undefined ? {} : { defaultCapability }),
    ...(grpc === undefined ? {} : { grpc }),
    ...{ deadlineMs: deadline * 1_000, keepMs: keep * 3_600_000, push, legacy },
  }
  return { settings: { a2a: settings }, faults }
}

function urlFault(text: string): string | undefined {
  const url = new URL(text)
  if (url.search !== '' || url.hash !== '' || url.username !== '')
    return 'a base URL has no query, fragment or password'
  if (url.protocol === 'https:' || isLoopbackHost(url.hostname)) return undefined
  return `credentials do not cross a network over plain http; put TLS in front, and write https://${url.host}`
}
