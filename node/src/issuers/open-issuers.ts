/** Whose tokens a kernel takes, put together: the desk that knows them, who shows what as a bearer, and the exchange. */
import type { GuardedFetch } from '@hansa/mesh'
import type { IdentifyAgent } from '../control/control-caller.ts'
import type { TokenDesk } from '../kernel/token-desk.ts'
import type { KernelRevocations } from '../revocation/kernel-revocations.ts'
import { type BearersComponents, bearers } from './bearers.ts'
import { ClientAssertions, type KnownClient } from './client-assertion.ts'
import { IssuerDesk, type IssuerDeskComponents } from './issuer-desk.ts'
import { IssuerKeyStore } from './issuer-key-store.ts'
import type { IssuerSetting, TokenClient } from './issuer-setting.ts'
import { keyReader } from './read-issuer-keys.ts'
import { TokenExchange } from './token-exchange.ts'

export type IssuersInit = {
  issuers: readonly IssuerSetting[]
  /** Who may exchange tokens. @default nobody */
  tokenClients?: readonly TokenClient[]
  /** Reads their keys. @default as manifests are read */
  fetch?: Pick<GuardedFetch, 'get'>
}

export type OpenedIssuers = { desk: IssuerDesk; identify: IdentifyAgent }

type Components = IssuerDeskComponents &
  Omit<BearersComponents, 'issuers'> & {
    tokens: Pick<TokenDesk, 'grant'>
    revocations: Pick<KernelRevocations, 'tell'>
  }

export function openIssuers(components: Components, init: IssuersInit = { issuers: [] }): OpenedIssuers {
  const { agents, tokens, ...rest } = components
  const { revocations } = components
  const desk = new IssuerDesk({ ...rest, fetch: init.fetch ?? rest.fetch }, init.issuers)
  revocations.tell(() => desk.endRevoked())
  if (init.tokenClients !== undefined) desk.exchange = exchangeFor(init.tokenClients, desk, components, init)
  return { desk, identify: bearers({ agents, tokens, issuers: desk }) }
}

function exchangeFor(
  given: readonly TokenClient[],
  issuers: IssuerDesk,
  { self, clock, refusals, tokens, fetch }: Components,
  init: IssuersInit,
): TokenExchange {
  const clients = new Map(
    given.map((client): [string, KnownClient] => {
      if (client.auth === 'none') return [client.id, client]
      const read = keyReader(client.keys, init.fetch ?? fetch)
      const store = new IssuerKeyStore({ clock, read }, { use: 'sig', algorithms: client.algorithms })
      return [client.id, { ...client, store }]
    }),
  )
  const assertions = new ClientAssertions({ self, clock, clients })
  return new TokenExchange({ self, clock, issuers, clients: assertions, tokens, refusals })
}
