import { z } from 'zod'

/** What a standing permits, from the least to the most (security.md B9). */
export const standingTiers = ['blocked', 'probation', 'reader', 'trusted_reader', 'trusted'] as const
export const standingTierSchema = z.enum(standingTiers)
export type StandingTier = z.infer<typeof standingTierSchema>
