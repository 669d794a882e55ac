/**
 * The card of a kernel, from what somebody may see of its capabilities and what its operator says of it. Pure, and the
 * same for the same input: its signature is over these members.
 */
import type { CapabilityInfo } from '../kernel/capability-info.ts'
import type { Did } from '../syntax/did.ts'
import type { AgentCard, AgentInterface, AgentSkill } from './agent-card.ts'
import { HANSA_EXTENSION } from './hansa-extension.ts'

export type AgentCardInit = {
  kernel: Did
  name: string
  description: string
  /** Of what is described. */
  version: string
  interfaces: readonly AgentInterface[]
  provider?: { organization: string; url: string }
  documentationUrl?: string
  pushNotifications: boolean
  /** Metadata of the OpenID providers whose tokens are taken. */
  openIdConnectUrls?: readonly string[]
  capabilities: readonly CapabilityInfo[]
}

const MODES = ['text/plain', 'application/json']
/** Skills of one card; who needs more asks the kernel itself. */
const MAX_SKILLS = 512

export function makeAgentCard(init: AgentCardInit): AgentCard {
  const { kernel, name, description, version, interfaces, provider, documentationUrl, pushNotifications } = init
  return {
    name,
    description,
    supportedInterfaces: [...interfaces],
    ...(provider === undefined ? {} : { provider }),
    version,
    ...(documentationUrl === undefined ? {} : { documentationUrl }),
    capabilities: {
      streaming: true,
      pushNotifications,
      extensions: [
        {
          uri: HANSA_EXTENSION,
          description: 'Names the capability, the purpose and the delegation of a call, and its receipt',
          params: { kernel },
        },
      ],
      extendedAgentCard: true,
    },
    ...security(init.openIdConnectUrls ?? []),
    defaultInputModes: MODES,
    defaultOutputModes: MODES,
    skills: init.capabilities
      .filter(({ state }) => state === 'available')
      .slice(0, MAX_SKILLS)
      .map(skillOf),
  }
}

function security(openIdConnectUrls: readonly string[]): Pick<AgentCard, 'securitySchemes' | 'securityRequirements'> {
  const credential = {
    httpAuthSecurityScheme: {
      description: 'The credential of an agent of this kernel, or a token that it takes in the place of one',
      scheme: 'Bearer',
    },
  }
  const providers = openIdConnectUrls.map(
    (openIdConnectUrl, at) => [`openid${at + 1}`, { openIdConnectSecurityScheme: { openIdConnectUrl } }] as const,
  )
  const schemes = [['bearer', credential] as const, ...providers]
  return {
    securitySchemes: Object.fromEntries(schemes),
    // An empty list would say the same, and SDKs leave it out of what they verify.
    securityRequirements: schemes.map(([scheme]) => ({
      schemes: { [scheme]: { list: [scheme === 'bearer' ? 'agent' : 'openid'] } },
    })),
  }
}

/** The words of a capability are those of whoever offers it; its id is how a message names it. */
function skillOf({ ref, kind, title, description, safety, sensitivity }: CapabilityInfo): AgentSkill {
  return {
    id: ref,
    name: title === '' ? ref : title,
    description: description === '' ? `${safety} ${kind} of this kernel` : description,
    tags: [kind, safety, ...sensitivity],
  }
}
