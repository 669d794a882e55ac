/** Who shows what as a bearer: the credential of an agent, a token of this kernel, or a token of an issuer. */
import { AGENT_CREDENTIAL_PREFIX, TOKEN_PREFIX } from '@hansa/protocols'
import type { AgentIdentity, IdentifyAgent } from '../control/control-caller.ts'
import type { AgentBook } from '../kernel/agent-book.ts'
import type { TokenDesk } from '../kernel/token-desk.ts'
import type { IssuerDesk } from './issuer-desk.ts'

export type BearersComponents = {
  agents: Pick<AgentBook, 'identify'>
  tokens: Pick<TokenDesk, 'identify'>
  issuers: Pick<IssuerDesk, 'identify'>
}

export function bearers({ agents, tokens, issuers }: BearersComponents): IdentifyAgent {
  return async (bearer): Promise<AgentIdentity | undefined> => {
    if (bearer.startsWith(AGENT_CREDENTIAL_PREFIX)) return agents.identify(bearer)
    return bearer.startsWith(`${TOKEN_PREFIX}.`) ? tokens.identify(bearer) : issuers.identify(bearer)
  }
}
