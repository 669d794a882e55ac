/** Which rules of a policy would be looked at for a resource, whoever asks; for people who read a policy. Pure. */
import type { CompiledPolicy, NormalRule } from './compile.ts'
import { patternKeys } from './pattern.ts'

/** In the order of the policy. */
export function mentioningRules({ rules }: CompiledPolicy, resource: string): NormalRule[] {
  const keys = new Set(patternKeys(resource))
  return rules.filter((rule) => rule.resource.some((pattern) => keys.has(pattern)))
}
