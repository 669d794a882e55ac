/** Whose tokens a kernel takes, put together: the desk that knows them, and who shows what as a bearer. */
import type { GuardedFetch } from '@hansa/mesh'
import type { IdentifyAgent } from '../control/control-caller.ts'
import { type BearersComponents, bearers } from './bearers.ts'
import { IssuerDesk, type IssuerDeskComponents } from './issuer-desk.ts'
import type { IssuerSetting } from './issuer-setting.ts'

export type IssuersInit = {
  issuers: readonly IssuerSetting[]
  /** Reads their keys. @default as manifests are read */
  fetch?: Pick<GuardedFetch, 'get'>
}

export type OpenedIssuers = { desk: IssuerDesk; identify: IdentifyAgent }

export function openIssuers(
  components: IssuerDeskComponents & Omit<BearersComponents, 'issuers'>,
  init: IssuersInit = { issuers: [] },
): OpenedIssuers {
  const { agents, tokens, fetch, ...rest } = components
  const desk = new IssuerDesk({ ...rest, fetch: init.fetch ?? fetch }, init.issuers)
  return { desk, identify: bearers({ agents, tokens, issuers: desk }) }
}
