import { z } from 'zod'

/** How much the decision of the kernel that serves an imported capability counts (security.md B6). */
export const trustPolicies = ['most_restrictive', 'local_only', 'remote_deferred'] as const
export const trustPolicySchema = z.enum(trustPolicies)
export type TrustPolicy = (typeof trustPolicies)[number]
