/** Keys, signatures, tokens, policy: who may do what. `@hansa/trust/ledger` proves what was done. */

// Agent cards of A2A.
export * from './a2a/index.ts'
// Content of calls, kept apart from the log.
export {
  type Content,
  type ContentContext,
  type ContentKind,
  contentHash,
  type OpenedContent,
  openContent,
  type SealedContent,
  sealContent,
  WRAPPED_KEY_BYTES,
} from './content/sealed-content.ts'
export { agentCredentialHash, isAgentCredential, newAgentCredential } from './credential/agent-credential.ts'
// Delegation chains.
export * from './delegation/index.ts'
// Identifiers of kernels, and the keys behind them.
export { didFromPublicKey, didKeyUrl, publicKeyFromDid } from './did/did-key.ts'
export { type DidKeyResolverInit, didKeyResolver } from './did/did-key-resolver.ts'
export { type DocumentKeys, type DocumentReading, readDidDocument } from './did/document-keys.ts'
export {
  DEFAULT_FRESHNESS,
  type DidFile,
  type DidMemory,
  type DidStatus,
  type FetchDidFile,
  type Freshness,
  type IdentityResolver,
  type IdentityResolverInit,
  identityResolver,
  type RememberedDid,
} from './did/identity-resolver.ts'
export type { KeyPurpose, KeyResolution, KeyResolver, ResolvedKey } from './did/key-resolver.ts'
export { didLogKeyResolver, everRevoked, firstOf, type KeyWindow, keyWindows } from './did/key-windows.ts'
export { multikeyOf, publicKeyFromMultikey } from './did/multikey.ts'
export { makePeerBinding, type PeerBindingVerdict, peerIdService, verifyPeerBinding } from './did/peer-binding.ts'
export { peerIdOf, publicKeyFromPeerId } from './did/peer-id.ts'
export { peerIdsBinding } from './did/peer-ids-binding.ts'
export { unadmittedKeys } from './did/unadmitted-keys.ts'
export {
  didWebOf,
  type PublishedFile,
  publishedPath,
  publishedUrl,
  type WebLocation,
  webLocation,
} from './did/web-location.ts'
export { nextKeyHash } from './did/webvh/entry-hash.ts'
export { RECOVERY_WINDOW_SECONDS } from './did/webvh/recovery.ts'
export {
  type DidLog,
  type DidLogVerdict,
  type DidVersion,
  type VerifyWebvhInit,
  verifyWebvhLog,
} from './did/webvh/verify-webvh-log.ts'
export { type NewWebvhLog, type NextWebvhEntry, newWebvhLog, nextWebvhLine } from './did/webvh/write-webvh-log.ts'
// Hosts of kernels, and where to look for them.
export { type HostIdentityVerdict, makeHostIdentity, verifyHostIdentity } from './discovery/host-identity.ts'
export {
  comparePointers,
  type PointerVerdict,
  pointerKey,
  pointersContradict,
  type SignedPointer,
  signPointer,
  verifyPointer,
} from './discovery/pointer-record.ts'
// Bytes as text, hashes, random values.
export { decodeBase64url, encodeBase64url } from './encoding/base64url.ts'
export { commitTo, sha256, taggedHash } from './encoding/hash.ts'
export { newSalt, randomId } from './encoding/random.ts'
// Files.
export { syncDirectory } from './files/sync-directory.ts'
// Tokens of foreign issuers.
export * from './issuer/index.ts'
// JSON that can be signed and hashed.
export { canonicalJson } from './json/canonical-json.ts'
export { isObject } from './json/is-object.ts'
export {
  type JsonFault,
  type JsonProfile,
  parseStrictJson,
  parseStrictText,
  type StrictParse,
} from './json/parse-strict-json.ts'
export { parsedJson } from './json/parsed-json.ts'
// Signing keys, and where they are kept.
export {
  type AdmittedKey,
  admitKey,
  type KeyAdmission,
  type KeyRefusal,
  type VerifyingKey,
  verifySignature,
} from './keys/admitted-key.ts'
export { KeyFileError, type KeyFileErrorDetail } from './keys/errors.ts'
export {
  createKeyFile,
  createSecretFile,
  keyFileText,
  parseSecret,
  readKeyFile,
  readSecretFile,
  type SecretKind,
} from './keys/file-key-store.ts'
export { createPrivateFile, readPrivateFile } from './keys/private-file.ts'
export { joinShares, MAX_SHARES, type SecretShare, splitSecret } from './keys/secret-shares.ts'
export { newSeed, type Signer, signerFromSeed } from './keys/signer.ts'
// Manifests.
export { capabilityHash } from './manifest/capability-hash.ts'
export type { CapabilityChange, ChangeAction, FieldChange, ManifestDiff } from './manifest/change.ts'
export { diffManifests } from './manifest/diff-manifests.ts'
export { recogniseLegacyManifest, type UnverifiedManifest } from './manifest/legacy-manifest.ts'
export { type SchemaFault, schemaFault } from './manifest/schema-text.ts'
export { manifestHash, signManifest } from './manifest/sign-manifest.ts'
export {
  checkAgainstKnown,
  type KnownManifest,
  type ManifestRefusal,
  type ManifestVerdict,
  type VerifyManifestInit,
  verifyManifest,
} from './manifest/verify-manifest.ts'
// Merkle trees.
export { type ConsistencyProof, consistencyPath, verifyConsistency } from './merkle/consistency.ts'
export { emptyRoot, HASH_BYTES, leafHash, nodeHash, sameHash } from './merkle/hashing.ts'
export {
  type InclusionProof,
  inclusionPath,
  rootAndPaths,
  rootFromInclusionProof,
  verifyInclusion,
} from './merkle/inclusion.ts'
export { rootOf } from './merkle/tree.ts'
// Policy.
export {
  admitsPurpose,
  type CombinedDecision,
  type CompiledPolicy,
  combineDecisions,
  combineObligations,
  compilePolicy,
  DEFAULT_CALLS_PER_MINUTE,
  deniesUnasked,
  evaluatePolicy,
  formatObligations,
  fulfils,
  type GrantedLimit,
  isUnsatisfiable,
  type LocalEffect,
  maySendUnasked,
  mentioningRules,
  type NormalRule,
  noObligations,
  type Obligations,
  type ParsedObligations,
  type PolicyAction,
  type PolicyCompilation,
  type PolicyDecision,
  type PolicyEffect,
  type PolicyFacts,
  type PolicyFault,
  type PolicySource,
  parseObligations,
  patternFault,
  policyActions,
  type RateLimit,
  type RateState,
  type RateVerdict,
  RateWindow,
  type RemoteEffect,
  type UnknownFact,
  unionLabels,
  unknownFacts,
  type WhatIf,
  whatIf,
  whyPolicyWider,
} from './policy/index.ts'
// Revocations.
export * from './revocation/index.ts'
// Signed objects.
export {
  type BatchSigner,
  type BatchSignerInit,
  batchSigner,
  type SignedObject,
  signBatch,
} from './signed/batch-signer.ts'
export { readEnvelope } from './signed/envelope.ts'
export { parseEnvelope, parseEnvelopes, payloadBytesOf } from './signed/envelope-text.ts'
export {
  type EnvelopeVerdict,
  type EnvelopeVerifier,
  type EnvelopeVerifierInit,
  envelopeVerifier,
} from './signed/envelope-verifier.ts'
export { type JwsVerdict, type SignedJws, signJws, type VerifyJwsInit, verifyJws } from './signed/jws.ts'
export { ackOf, acksOf, intentOf, readAck, readIntent, readReceipt, receiptOf } from './signed/payloads.ts'
export { envelopeHash, type Prepared, prepare } from './signed/prepared.ts'
export type { PayloadReading } from './signed/reading.ts'
export { type UnverifiedPart, unverifiedPart } from './signed/unverified-part.ts'
export {
  keptSponsorClaim,
  makeSponsorClaim,
  type ReadSponsorClaim,
  type SponsorReading,
  type VerifySponsorInit,
  verifySponsorClaim,
} from './sponsor/sponsor-claim.ts'
// Tokens.
export { TokenError, type TokenErrorDetail } from './token/errors.ts'
export { attenuate, mintOnDemand, mintToken } from './token/mint-token.ts'
export { type TokenKey, type TokenKeys, type TokenKeysInit, tokenKeys } from './token/token-keys.ts'
export type { TokenScope } from './token/token-scope.ts'
export { type TokenContext, type TokenVerdict, verifyToken } from './token/verify-token.ts'
