/** Cards of A2A agents as they are served, and over which bytes they are signed (A2A 1.0, section 8.4). */
import { canonicalCard } from '../../a2a/canonical-card.ts'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { canonicalJson } from '../../json/canonical-json.ts'
import type { Signer } from '../../keys/signer.ts'
import { alice, mallory } from '../actors.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

type Json = Record<string, unknown>

const at = { url: 'https://bergen.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }
const plain: Json = {
  name: 'Bergen Harbour Office',
  description: 'Berths and cargo',
  supportedInterfaces: [at],
  version: '1.2.0',
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'berths', name: 'Berths', description: 'Plans berths', tags: ['harbour'] }],
}

/** Everything that a default can be in. */
const withDefaults: Json = {
  ...plain,
  description: '',
  supportedInterfaces: [{ ...at, tenant: '' }],
  iconUrl: '',
  provider: { url: '', organization: '' },
  capabilities: {
    ...{ streaming: false, pushNotifications: false, extendedAgentCard: false },
    extensions: [
      { uri: 'urn:example:x', description: '', required: false, params: { empty: '', none: null, zero: 0 } },
    ],
  },
  securitySchemes: {
    key: { apiKeySecurityScheme: { location: 'header', name: '', description: '' } },
    oauth: { oauth2SecurityScheme: { flows: { clientCredentials: { tokenUrl: '', refreshUrl: '', scopes: {} } } } },
  },
  securityRequirements: [{ schemes: { key: { list: [] } } }],
  defaultInputModes: [],
  skills: [{ id: 'berths', name: '', description: '', tags: [], examples: [], inputModes: [] }],
}

type Signing = { by?: Signer; header?: Json; form?: 'specification' | 'without_defaults'; over?: Json }

function signature(card: Json, { by = alice, header, form = 'specification' }: Signing): Json {
  const text = encodeBase64url(Buffer.from(canonicalJson(header ?? { alg: 'EdDSA', kid: by.kid, typ: 'JOSE' })))
  const payload = encodeBase64url(Buffer.from(canonicalCard(card, form)))
  return { protected: text, signature: encodeBase64url(by.sign(Buffer.from(`${text}.${payload}`, 'latin1'))) }
}

/** @param over what the served card has besides what was signed */
function served(card: Json, { over = {}, ...signing }: Signing = {}): string {
  return JSON.stringify({ ...card, ...over, signatures: [signature(card, signing)] })
}

function valid(description: string, card: Json, form: 'specification' | 'without_defaults' = 'specification') {
  const text = served(card, { form })
  return { description, signer: alice.did, card: text, canonical: canonicalCard(card, form), form, kid: alice.kid }
}

const invalid = (description: string, card: string, reason: string) => ({
  description,
  signer: alice.did,
  card,
  reason,
})

export function agentCardVectors(): VectorFile[] {
  return [
    ...filesOf('agent-card/valid', {
      plain: valid('a card without defaults', plain),
      defaults: valid(
        'defaults stay where a member is REQUIRED or optional in the proto, and nowhere else',
        withDefaults,
      ),
      'defaults-left-out': valid(
        'the same as SDKs sign it: without REQUIRED members that are defaults',
        withDefaults,
        'without_defaults',
      ),
      'unknown-members': valid('members that the proto does not have are covered as they are', {
        ...{ ...plain, region: { port: 'Bergen', berths: [7, 9], closed: null }, '\u00e5': '' },
      }),
      'order-and-escapes': valid('RFC 8785 orders the members by UTF-16, and escapes as JSON does', {
        ...{ ...plain, '\ud83d\ude00': 1, '\ufb01': 2, a: '\u20ac "\n' },
      }),
    }),
    ...filesOf('agent-card/invalid', {
      'not-signed': invalid('no signature', JSON.stringify(plain), 'card_not_signed'),
      'another-name': invalid(
        'another name than was signed',
        served(plain, { over: { name: 'Mallory' } }),
        'signature_invalid',
      ),
      'unknown-member-added': invalid(
        'a member that nobody knows and nobody signed',
        served(plain, { over: { region: 'Lübeck' } }),
        'signature_invalid',
      ),
      'optional-default-removed': invalid(
        'an optional member with its default is left out: that it is there was signed',
        served(withDefaults, {
          over: { capabilities: { extensions: (withDefaults.capabilities as Json).extensions } },
        }),
        'signature_invalid',
      ),
      'inside-params': invalid(
        'a default inside the params of an extension, which are kept as they are',
        served(withDefaults, {
          over: {
            capabilities: {
              ...(withDefaults.capabilities as Json),
              extensions: [{ uri: 'urn:example:x', params: { none: null, zero: 0 } }],
            },
          },
        }),
        'signature_invalid',
      ),
      stranger: invalid('signed by mallory', served(plain, { by: mallory }), 'key_not_pinned'),
      'name-of-another': invalid(
        'signed by mallory under the key identifier of alice',
        served(plain, { by: { ...mallory, kid: alice.kid } }),
        'signature_invalid',
      ),
      'another-algorithm': invalid(
        'an algorithm that is not that of the key',
        served(plain, { header: { alg: 'ES256', kid: alice.kid, typ: 'JOSE' } }),
        'header_alg_of_another_key',
      ),
      'no-algorithm': invalid('alg none', served(plain, { header: { alg: 'none', kid: alice.kid } }), 'header_alg'),
      'critical-header': invalid(
        'a header that has to be understood',
        served(plain, { header: { alg: 'EdDSA', kid: alice.kid, crit: ['b64'], b64: false } }),
        'header_members',
      ),
      'another-type': invalid(
        'signed as something else',
        served(plain, { header: { alg: 'EdDSA', kid: alice.kid, typ: 'JWT' } }),
        'header_typ',
      ),
      'name-twice': invalid('a member twice', served(plain).replace('{', '{"name":"Mallory",'), 'card_duplicate_name'),
    }),
  ]
}
