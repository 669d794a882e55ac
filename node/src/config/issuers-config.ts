/** The keys `issuers` and `token_exchange`: whose tokens stand for principals of this node, and who exchanges them. Pure. */

import { resolve } from 'node:path'
import type { AllowPrivate } from '@hansa/mesh'
import type { IssuerAlgorithm } from '@hansa/protocols'
import { claimsOf, type PrincipalTemplate, principalTemplate, spiffePath, templatesOverlap } from '@hansa/trust'
import { discoveryUrl, type IssuerSetting, type KeyPlace, type TokenClient } from '../issuers/issuer-setting.ts'
import type { ConfigFile } from './config-schema.ts'
import type { ConfigFault } from './errors.ts'
import type { IssuerGiven, TokenClientGiven } from './issuers-schema.ts'
import type { ConfigContext } from './parse-config.ts'
import { urlFault } from './url-fault.ts'
import type { YamlPath } from './yaml-source.ts'

const DEFAULT_ALGORITHMS: readonly IssuerAlgorithm[] = ['EdDSA', 'ES256']
const DEFAULT_LIFE_SECONDS = 3_600

export type IssuersReading = { issuers?: IssuerSetting[]; tokenClients?: TokenClient[]; faults: ConfigFault[] }
type Fault = (path: YamlPath, reason: string | undefined) => undefined

export function issuersConfig(file: ConfigFile, { directory, place }: ConfigContext): IssuersReading {
  const { issuers: given, token_exchange: exchange, allow_private: allow = false } = file
  if (given === undefined && exchange === undefined) return { faults: [] }
  const faults: ConfigFault[] = []
  const faultAt =
    (base: YamlPath): Fault =>
    (path, reason) => {
      if (reason !== undefined) faults.push({ ...place([...base, ...path]), reason })
      return undefined
    }
  const context = { directory, allow }
  const issuers = (given ?? []).flatMap((issuer, at) => issuerOf(issuer, context, faultAt(['issuers', at])) ?? [])
  betweenIssuers(given ?? [], faultAt(['issuers']))
  const names = new Set((given ?? []).map(({ name }) => name))
  const clients = (exchange?.clients ?? []).flatMap(
    (client, at) => clientOf(client, names, context, faultAt(['token_exchange', 'clients', at])) ?? [],
  )
  repeated(exchange?.clients ?? [], ({ id }) => id, ['token_exchange', 'clients'], 'id', faultAt([]))
  if (exchange !== undefined && given === undefined)
    faultAt(['token_exchange'])([], 'exchanges tokens of issuers, and there are none')
  return {
    ...(given === undefined ? {} : { issuers }),
    ...(exchange === undefined ? {} : { tokenClients: clients }),
    faults,
  }
}

type Context = { directory: string; allow: AllowPrivate }

function issuerOf(given: IssuerGiven, context: Context, fault: Fault): IssuerSetting | undefined {
  const { name, oidc, spiffe, audience, algorithms = DEFAULT_ALGORITHMS } = given
  const reading = principalTemplate(given.principal)
  if (!reading.ok) fault(['principal'], reading.reason)
  if ((oidc === undefined) === (spiffe === undefined)) return fault([], 'is either oidc or spiffe')
  if (!reading.ok) return undefined
  const common = {
    name,
    algorithms,
    principal: reading.template,
    principalText: given.principal,
    maxLifeSeconds: given.max_life_seconds ?? DEFAULT_LIFE_SECONDS,
    scopeRequired: given.scope === 'required',
    ...(audience === undefined ? {} : { audience }),
  }
  return oidc === undefined ? spiffe && spiffeOf(spiffe, common, context, fault) : oidcOf(oidc, common, context, fault)
}

type Common = Omit<IssuerSetting, 'kind' | 'keys' | 'issuer' | 'types' | 'trustDomain' | 'path'>

function oidcOf(
  { issuer, jwks_url: url, jwks_file: file, types = ['at+jwt'], clients }: NonNullable<IssuerGiven['oidc']>,
  common: Common,
  context: Context,
  fault: Fault,
): IssuerSetting | undefined {
  const at = (key: string): YamlPath => ['oidc', key]
  if (url !== undefined && file !== undefined) return fault(at('jwks_file'), 'is instead of jwks_url: leave one out')
  const parsed = new URL(issuer)
  if (parsed.search !== '' || parsed.hash !== '' || parsed.username !== '')
    return fault(at('issuer'), 'has no query, fragment or password')
  const keys: KeyPlace = keyPlace(url, file, context) ?? { kind: 'discovery', issuer }
  if (keys.kind === 'url') fault(at('jwks_url'), urlFault(keys.url, context.allow))
  if (keys.kind === 'discovery') fault(at('issuer'), urlFault(discoveryUrl(issuer), context.allow))
  return { ...common, kind: 'oidc', issuer, types, keys, ...(clients === undefined ? {} : { clients }) }
}

function spiffeOf(
  { trust_domain: trustDomain, path: text, bundle_url: url, bundle_file: file }: NonNullable<IssuerGiven['spiffe']>,
  common: Common,
  context: Context,
  fault: Fault,
): IssuerSetting | undefined {
  const at = (key: string): YamlPath => ['spiffe', key]
  const path = spiffePath(text)
  if (path === undefined) fault(at('path'), `${JSON.stringify(text)} is not a path such as /ns/{ns}/sa/{sa}`)
  else fault(at('path'), pathFault(claimsOf(path), common.principal))
  const keys = keyPlace(url, file, context)
  if ((url === undefined) === (file === undefined) || keys === undefined)
    return fault(['spiffe'], 'needs either bundle_url or bundle_file')
  if (keys.kind === 'url') fault(at('bundle_url'), urlFault(keys.url, context.allow))
  return path === undefined ? undefined : { ...common, kind: 'spiffe', trustDomain, path, keys }
}

/** A part of the path that the principal does not name would make one principal of several workloads. */
function pathFault(names: readonly string[], { parts }: PrincipalTemplate): string | undefined {
  const used = parts.map(({ claim }) => claim)
  const dropped = names.find((name) => !used.includes(name))
  if (dropped !== undefined)
    return `names {${dropped}}, and principal does not: workloads that differ in it would be one principal`
  const unknown = used.find((claim) => !names.includes(claim))
  return unknown === undefined ? undefined : `does not name {${unknown}}, which principal has`
}

function keyPlace(url: string | undefined, file: string | undefined, { directory }: Context): KeyPlace | undefined {
  if (file !== undefined) return { kind: 'file', path: resolve(directory, file) }
  return url === undefined ? undefined : { kind: 'url', url }
}

function betweenIssuers(given: readonly IssuerGiven[], fault: Fault): void {
  repeated(given, ({ name }) => name, [], 'name', fault)
  repeated(given, ({ oidc }) => oidc?.issuer, [], 'oidc.issuer', fault)
  repeated(given, ({ spiffe }) => spiffe?.trust_domain, [], 'spiffe.trust_domain', fault)
  const templates = given.map(({ principal }) => principalTemplate(principal))
  for (const [at, one] of templates.entries()) {
    const before = templates.findIndex(
      (other, index) => index < at && one.ok && other.ok && templatesOverlap(one.template, other.template),
    )
    if (before >= 0)
      fault(
        [at, 'principal'],
        `could be the same as a principal of issuers[${before}]; let each begin with a text of its own, such as agent:${given[at]?.name}-{sub}`,
      )
  }
}

function repeated<T>(
  items: readonly T[],
  textOf: (item: T) => string | undefined,
  base: YamlPath,
  key: string,
  fault: Fault,
): void {
  const texts = items.map(textOf)
  for (const [at, text] of texts.entries()) {
    const first = texts.indexOf(text)
    if (text !== undefined && first !== at)
      fault([...base, at, ...key.split('.')], `${text} is already the ${key} of item ${first}`)
  }
}

function clientOf(
  { id, auth = 'private_key_jwt', jwks_file: file, jwks_url: url, algorithms, issuers }: TokenClientGiven,
  names: ReadonlySet<string>,
  context: Context,
  fault: Fault,
): TokenClient | undefined {
  for (const [at, name] of (issuers ?? []).entries())
    if (!names.has(name)) fault(['issuers', at], `there is no issuer ${name}`)
  const common = { id, ...(issuers === undefined ? {} : { issuers }) }
  if (auth === 'none') {
    if (file !== undefined || url !== undefined || algorithms !== undefined)
      return fault(['auth'], 'is none, so there are no keys: leave them out')
    return { ...common, auth }
  }
  const keys = keyPlace(url, file, context)
  if (keys === undefined || (url !== undefined && file !== undefined))
    return fault([], 'needs either jwks_file or jwks_url, or auth: none')
  if (keys.kind === 'url') fault(['jwks_url'], urlFault(keys.url, context.allow))
  return { ...common, auth, keys, algorithms: algorithms ?? DEFAULT_ALGORITHMS }
}
