import type { CheckpointProof, CheckpointReference, SignedManifest } from '@hansa/protocols'

/** What this kernel says of itself in a handshake. */
export type OwnSide = {
  /** The manifest that is served now. */
  manifest: SignedManifest
  policyVersion: number
  /**
   * The newest checkpoint of the own log, with the proof that it extends `seen`; the proof is left out when `seen` is of
   * another log or beyond this one. Without it the other side stays at level 0.
   */
  checkpoint?(seen: CheckpointReference | undefined): Promise<CheckpointProof | undefined>
}
