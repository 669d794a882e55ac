/**
 * The bytes of an agent card that are signed (A2A 1.0, section 8.4.1): RFC 8785 of what was received, without
 * `signatures` and without members that hold the default of their type and are neither REQUIRED nor `optional` in the
 * proto. Members that the proto does not have stay as they are, so that a signature
 * covers them too.
 */
import { canonicalJson } from '../json/canonical-json.ts'
import { isObject } from '../json/is-object.ts'

type Message = {
  /** Members that are there also with the default of their type. */
  required?: readonly string[]
  optional?: readonly string[]
  /** Members that are messages, or lists of them. */
  of?: Readonly<Record<string, MessageName>>
  /** Members that are maps to messages. */
  maps?: Readonly<Record<string, MessageName>>
  /** Members that are JSON of somebody else's, kept as they are. */
  free?: readonly string[]
}

const flow = (required: readonly string[]): Message => ({ required })

/** Of specification/a2a.proto, version 1.0. */
const messages = {
  AgentCard: {
    required: [
      ...['name', 'description', 'supportedInterfaces', 'version', 'capabilities'],
      ...['defaultInputModes', 'defaultOutputModes', 'skills'],
    ],
    optional: ['documentationUrl', 'iconUrl'],
    of: {
      supportedInterfaces: 'AgentInterface',
      provider: 'AgentProvider',
      capabilities: 'AgentCapabilities',
      securityRequirements: 'SecurityRequirement',
      skills: 'AgentSkill',
    },
    maps: { securitySchemes: 'SecurityScheme' },
  },
  AgentInterface: { required: ['url', 'protocolBinding', 'protocolVersion'] },
  AgentProvider: { required: ['url', 'organization'] },
  AgentCapabilities: {
    optional: ['streaming', 'pushNotifications', 'extendedAgentCard'],
    of: { extensions: 'AgentExtension' },
  },
  AgentExtension: { free: ['params'] },
  AgentSkill: {
    required: ['id', 'name', 'description', 'tags'],
    of: { securityRequirements: 'SecurityRequirement' },
  },
  SecurityRequirement: { maps: { schemes: 'StringList' } },
  StringList: {},
  SecurityScheme: {
    of: {
      apiKeySecurityScheme: 'APIKeySecurityScheme',
      httpAuthSecurityScheme: 'HTTPAuthSecurityScheme',
      oauth2SecurityScheme: 'OAuth2SecurityScheme',
      openIdConnectSecurityScheme: 'OpenIdConnectSecurityScheme',
      mtlsSecurityScheme: 'MutualTlsSecurityScheme',
    },
  },
  APIKeySecurityScheme: { required: ['location', 'name'] },
  HTTPAuthSecurityScheme: { required: ['scheme'] },
  OAuth2SecurityScheme: { required: ['flows'], of: { flows: 'OAuthFlows' } },
  OpenIdConnectSecurityScheme: { required: ['openIdConnectUrl'] },
  MutualTlsSecurityScheme: {},
  OAuthFlows: {
    of: {
      authorizationCode: 'AuthorizationCodeOAuthFlow',
      clientCredentials: 'ClientCredentialsOAuthFlow',
      implicit: 'ImplicitOAuthFlow',
      password: 'PasswordOAuthFlow',
      deviceCode: 'DeviceCodeOAuthFlow',
    },
  },
  AuthorizationCodeOAuthFlow: flow(['authorizationUrl', 'tokenUrl', 'scopes']),
  ClientCredentialsOAuthFlow: flow(['tokenUrl', 'scopes']),
  ImplicitOAuthFlow: flow([]),
  PasswordOAuthFlow: flow([]),
  DeviceCodeOAuthFlow: flow(['deviceAuthorizationUrl', 'tokenUrl', 'scopes']),
} as const satisfies Record<string, Message>

type MessageName =
  | 'AgentInterface'
  | 'AgentProvider'
  | 'AgentCapabilities'
  | 'AgentExtension'
  | 'AgentSkill'
  | 'SecurityRequirement'
  | 'StringList'
  | 'SecurityScheme'
  | 'APIKeySecurityScheme'
  | 'HTTPAuthSecurityScheme'
  | 'OAuth2SecurityScheme'
  | 'OpenIdConnectSecurityScheme'
  | 'MutualTlsSecurityScheme'
  | 'OAuthFlows'
  | 'AuthorizationCodeOAuthFlow'
  | 'ClientCredentialsOAuthFlow'
  | 'ImplicitOAuthFlow'
  | 'PasswordOAuthFlow'
  | 'DeviceCodeOAuthFlow'

/**
 * @param card JSON as it was received, or as it will be sent
 * @param form `specification`, or what SDKs sign that leave out REQUIRED members with defaults too
 */
export function canonicalCard(
  card: Readonly<Record<string, unknown>>,
  form: 'specification' | 'without_defaults' = 'specification',
): string {
  const { signatures: _signatures, ...rest } = card
  return canonicalJson(presentMembers(rest, messages.AgentCard, form === 'specification'))
}

function presentMembers(value: Record<string, unknown>, message: Message, keepRequired: boolean): unknown {
  const members = Object.entries(value).flatMap(([name, member]) => {
    const kept = keeps(name, message, keepRequired)
    if (!kept && isDefault(member, name, message)) return []
    return [[name, memberOf(name, member, message, keepRequired)] as const]
  })
  // Not an object literal: a member may be called `__proto__`.
  return Object.fromEntries(members)
}

function keeps(name: string, { required = [], optional = [], free = [] }: Message, keepRequired: boolean): boolean {
  return optional.includes(name) || free.includes(name) || (keepRequired && required.includes(name))
}

/** A message that is there is there, also when all of its members are defaults. */
function isDefault(member: unknown, name: string, { of = {} }: Message): boolean {
  if (member === null || member === '' || member === false || member === 0) return true
  if (Array.isArray(member)) return member.length === 0
  return isObject(member) && !Object.hasOwn(of, name) && Object.keys(member).length === 0
}

function memberOf(name: string, member: unknown, message: Message, keepRequired: boolean): unknown {
  const { of = {}, maps = {} } = message
  const inner = Object.hasOwn(of, name) ? of[name] : undefined
  const walk = (item: unknown, as: MessageName) =>
    isObject(item) ? presentMembers(item, messages[as], keepRequired) : item
  if (inner !== undefined) return Array.isArray(member) ? member.map((item) => walk(item, inner)) : walk(member, inner)
  const entry = Object.hasOwn(maps, name) ? maps[name] : undefined
  if (entry === undefined || !isObject(member)) return member
  return Object.fromEntries(Object.entries(member).map(([key, item]) => [key, walk(item, entry)] as const))
}
