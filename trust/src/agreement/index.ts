export { type AgreedCall, isAgreed, permitsAt } from './agreed-call.ts'
export { type AgreementEvent, type AgreementStep, stepAgreement } from './agreement-machine.ts'
export {
  type AcceptanceReading,
  type AgreementReading,
  type AgreementTerms,
  keptAcceptance,
  keptAgreement,
  type ReadAcceptance,
  type ReadAgreement,
  signAcceptance,
  signProposal,
  type VerifyAcceptanceInit,
  type VerifyProposalInit,
  verifyAcceptance,
  verifyProposal,
} from './signed-agreement.ts'
