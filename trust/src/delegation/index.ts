export { commandOf, covers } from './command.ts'
export { whyNot } from './holds.ts'
export { type IssuedLink, type IssueVerdict, issueNext, issueRoot, type LinkGrant, linkHash } from './issue-link.ts'
export { whyWider } from './narrowing.ts'
export { type PredicateReading, parsePredicate, predicateText } from './predicate-text.ts'
export { readLink } from './read-link.ts'
export {
  type ChainVerdict,
  type VerifiedChain,
  type VerifyChainInit,
  verifyChain,
  whyNotCovered,
} from './verify-chain.ts'
