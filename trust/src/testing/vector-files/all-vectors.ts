import { agentCardVectors } from './agent-card-vectors.ts'
import { agreementVectors } from './agreement-vectors.ts'
import { canonicalVectors } from './canonical-vectors.ts'
import { cosignatureVectors } from './cosignature-vectors.ts'
import { delegationVectors } from './delegation-vectors.ts'
import { didLogVectors } from './did-log-vectors.ts'
import { endorsementVectors } from './endorsement-vectors.ts'
import { envelopeVectors } from './envelope-vectors.ts'
import { forkVectors } from './fork-vectors.ts'
import { inclusionVectors } from './inclusion-vectors.ts'
import { intentVectors } from './intent-vectors.ts'
import { manifestVectors } from './manifest-vectors.ts'
import { peerBindingVectors } from './peer-binding-vectors.ts'
import { pointerVectors } from './pointer-vectors.ts'
import { proofVectors } from './proof-vectors.ts'
import { revealVectors } from './reveal-vectors.ts'
import { revocationStatusVectors, revocationVectors } from './revocation-vectors.ts'
import { sanctionVectors } from './sanction-vectors.ts'
import { sessionFrameVectors } from './session-frame-vectors.ts'
import { sponsorVectors } from './sponsor-vectors.ts'
import { tokenVectors } from './token-vectors.ts'
import type { VectorFile } from './vector-file.ts'

/** Every vector that this package publishes in `protocols/vectors`. */
export function allVectors(): VectorFile[] {
  return [
    ...canonicalVectors(),
    ...tokenVectors(),
    ...manifestVectors(),
    ...envelopeVectors(),
    ...delegationVectors(),
    ...didLogVectors(),
    ...peerBindingVectors(),
    ...pointerVectors(),
    ...sponsorVectors(),
    ...endorsementVectors(),
    ...agreementVectors(),
    ...revocationVectors(),
    ...revocationStatusVectors(),
    ...sanctionVectors(),
    ...proofVectors(),
    ...revealVectors(),
    ...inclusionVectors(),
    ...cosignatureVectors(),
    ...forkVectors(),
    ...sessionFrameVectors(),
    ...intentVectors(),
    ...agentCardVectors(),
  ]
}
