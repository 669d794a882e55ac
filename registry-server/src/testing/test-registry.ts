/** A registry in this process, on a free port of loopback and a clock that stands at `NOW`, and one who asks it. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CapabilityManifest,
  type LogFields,
  type Logger,
  listResponseSchema,
  RENEWAL_TYP,
  type Renewal,
  registryRoutes,
  WITHDRAWAL_TYP,
  type Withdrawal,
} from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { type Signer, signJws, signManifest } from '@hansa/trust'
import { aManifest, NOW } from '@hansa/trust/testing'
import { request } from 'undici'
import { expect } from 'vitest'
import { type Registry, startRegistry } from '../compose.ts'
import { defaultConfig, type RegistryConfig } from '../config/config.ts'

export type Reply = { status: number; body: Record<string, unknown> }

export type LogLine = { level: 'debug' | 'info' | 'warn' | 'error'; event: string; fields: LogFields }

/** @param over the port is free and the database in memory, unless this says otherwise. */
export async function testRegistry(over: Partial<RegistryConfig> = {}, clock: ManualClock = manualClock(NOW * 1000)) {
  const log: LogLine[] = []
  const config = { ...defaultConfig, port: 0, database: 'memory:', ...over }
  // Replicas over one PostgreSQL sign with one key.
  const logKeyFile = config.database.startsWith('postgres')
    ? { logKeyFile: join(tmpdir(), `hansa-log-${process.pid}`) }
    : {}
  const registry = await startRegistry({ ...logKeyFile, ...config }, { clock, logger: recorder(log) })
  return { registry, clock, log, ask: asker(registry.url), [Symbol.asyncDispose]: () => registry.close() }
}

export type Asker = ReturnType<typeof asker>

/** Sends to the routes of `registryRoutes`; `send` reaches everything else. */
export function asker(url: Registry['url']) {
  const send = async (
    method: string,
    path: string,
    init: { body?: string | Buffer; headers?: Record<string, string> } = {},
  ): Promise<Reply> => {
    const { statusCode, body } = await request(`${url}${path}`, {
      method: method as 'GET',
      headers: { ...(method === 'POST' && { 'content-type': 'application/json' }), ...init.headers },
      ...(init.body !== undefined && { body: init.body }),
    })
    return { status: statusCode, body: JSON.parse(await body.text()) }
  }
  const post = (path: string, body: object) => send('POST', path, { body: JSON.stringify(body) })
  return {
    send,
    register: (manifest: string) => post(registryRoutes.register.path, { manifest }),
    renew: (statement: string) => post(registryRoutes.renew.path, { statement }),
    withdraw: (statement: string) => post(registryRoutes.withdraw.path, { statement }),
    list: (query: Record<string, string> = {}) =>
      send('GET', `${registryRoutes.list.path}?${new URLSearchParams(query)}`),
    get: (did: string) => send('GET', registryRoutes.get.path.replace(':did', encodeURIComponent(did))),
    status: (did: string) => send('GET', registryRoutes.status.path.replace(':did', encodeURIComponent(did))),
    checkpoint: (since?: number) =>
      send('GET', `${registryRoutes.checkpoint.path}${since === undefined ? '' : `?since=${since}`}`),
    entry: (index: number | string) => send('GET', registryRoutes.entry.path.replace(':index', String(index))),
    health: () => send('GET', registryRoutes.health.path),
  }
}

/** The manifest of `signer`, as it travels. */
export function manifestOf(signer: Signer, over: Partial<CapabilityManifest> = {}): string {
  return signManifest(signer, aManifest({ kernel_id: signer.did, ...over })).jws
}

export function renewalOf(signer: Signer, over: Partial<Renewal> = {}): string {
  return signJws(signer, RENEWAL_TYP, { v: 1, kernel_id: signer.did, seq: NOW, iat: NOW, exp: NOW + 600, ...over }).jws
}

export function withdrawalOf(signer: Signer, over: Partial<Withdrawal> = {}): string {
  const withdrawal = { v: 1, kernel_id: signer.did, seq: NOW + 1, iat: NOW, exp: NOW + 600, ...over }
  return signJws(signer, WITHDRAWAL_TYP, withdrawal).jws
}

/** What a refusal looks like, whatever else it says. */
export const refused = (status: number, code: string) => ({ status, body: expect.objectContaining({ code }) })

export const registered = (did: string, seq: number, expires: number) => ({
  status: 200,
  body: { kernel_id: did, seq, expires, index: expect.any(Number) },
})

/** The manifests of a page. */
export const manifests = ({ body }: Reply) => listResponseSchema.parse(body).listings.map(({ manifest }) => manifest)

function recorder(log: LogLine[]): Logger {
  const write =
    (level: LogLine['level']) =>
    (event: string, fields: LogFields = {}) =>
      void log.push({ level, event, fields })
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
