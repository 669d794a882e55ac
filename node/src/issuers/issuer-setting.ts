/** What the configuration says of issuers of tokens, and of who may exchange them. */
import type { IssuerAlgorithm } from '@hansa/protocols'
import type { OidcRules, SpiffeRules } from '@hansa/trust'

/** Longest life that an issuer's tokens can be configured to have, seconds. */
export const MAX_ISSUED_LIFE_SECONDS = 86_400

/** Where public keys come from; a path is absolute. */
export type KeyPlace =
  | { kind: 'url'; url: string }
  | { kind: 'file'; path: string }
  /** The document of the provider says where. */
  | { kind: 'discovery'; issuer: string }

type WithoutAudience<R> = Omit<R, 'audience'> & {
  /** @default the DID of the kernel */
  audience?: string
  keys: KeyPlace
  /** As it is written in the configuration. */
  principalText: string
}

export type IssuerSetting = WithoutAudience<OidcRules> | WithoutAudience<SpiffeRules>

export type TokenClient = {
  id: string
  /** Names of issuers. @default all */
  issuers?: readonly string[]
} & ({ auth: 'none' } | { auth: 'private_key_jwt'; keys: KeyPlace; algorithms: readonly IssuerAlgorithm[] })

export function keyPlaceText(place: KeyPlace): string {
  switch (place.kind) {
    case 'url':
      return place.url
    case 'file':
      return place.path
    case 'discovery':
      return discoveryUrl(place.issuer)
  }
}

/** OpenID Connect Discovery section 4: the path goes behind that of the issuer. */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
}
