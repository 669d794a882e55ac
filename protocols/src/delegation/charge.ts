/** What calls cost, where the links of a chain limit it. */
import { z } from 'zod'

export const moneySchema = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'not an ISO 4217 code such as EUR')
    .describe('ISO 4217 code'),
  minor: z.int().min(0).max(1_000_000_000_000).describe('Amount in the minor unit of the currency, such as cents'),
})

/** What one call of a capability costs, as its operator says. */
export const costPerCallSchema = z.strictObject({
  tokens: z.int().min(0).max(1_000_000_000_000).optional().describe('Tokens of models'),
  money: moneySchema.optional().describe('ISO 4217 code, and the amount in its minor unit'),
})
export type CostPerCall = z.infer<typeof costPerCallSchema>

/** What one call took of the limits of its chain, or may take at most. */
export const chargeSchema = z.strictObject({
  rows: z.int().min(0).optional(),
  ...costPerCallSchema.shape,
})
export type Charge = z.infer<typeof chargeSchema>
