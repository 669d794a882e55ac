/** What others test against: fixed actors and small builders. Nothing here is for production: the keys are public. */
export { alice, bob, carol, mallory } from './actors.ts'
export { changedSignature } from './changed-signature.ts'
export { documentOf, signingKey, TestDid } from './did-logs.ts'
export { anIssuer, hmacToken, type IssuerOfTest, signedText } from './issued-tokens.ts'
export { aCapability, aManifest, NOW } from './manifests.ts'
export { anAck, anIntent, aReceipt, severalAcks } from './statements.ts'
export { storedHashes } from './stored-hashes.ts'
export { aTokenContext, aTokenKeys, aTokenPayload } from './tokens.ts'
