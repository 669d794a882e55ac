export { canonicalCard } from './canonical-card.ts'
export { type SignedAgentCard, signAgentCard } from './sign-card.ts'
export { type CardReading, type CardTrust, type CardVerdict, readAgentCard, verifyAgentCard } from './verify-card.ts'
